"""Three residual networks on BreaKHis in words."""

FACTS = (
    "Data: 7,909 PNG images of 700 x 460 pixels from 82 patients, named "
    "SOB_<B|M>_<type>-<year>-<slide>-<magnification>-<n>.png; those at 200X are used, as benign (B) or malignant (M).",
    "Benign subtypes are adenosis, fibroadenoma, phyllodes tumor and tubular adenoma; malignant ones are ductal, "
    "lobular, mucinous and papillary carcinoma.",
    "Benign, malignant and all images: 625, 1,370 and 1,995 at 40X; 644, 1,437 and 2,081 at 100X; 623, 1,390 and "
    "2,013 at 200X; 588, 1,232 and 1,820 at 400X; 2,480, 5,429 and 7,909 in all.",
    "Split: 70 to 30, fold 2 of the five that the data set publishes; its test set holds 168 benign and 429 "
    "malignant images.",
    "Preprocessing: resized to 224; mean and SD of the training pixels. Augmentation: horizontal and vertical flips, "
    "rotation from -20 to 20 degrees.",
    "Networks: ResNet18, Wide-ResNet50-2 and ResNeXt50-32x4d from ImageNet, all layers retrained; the head is linear "
    "256, ReLU, dropout 0.4, linear 100, ReLU, linear 2.",
    "Training: Adamax at 0.0005 in batches of 32, cross entropy, an exponential schedule; 5 epochs, ResNet18 15.",
    "Sizes as claimed: about 60 million trainable weights of Wide-ResNet50 and 25 million of ResNeXt50; with this "
    "head they are 67.4 and 23.5 million.",
    "Evaluation: confusion matrix as a heat map, precision and recall of each class, weighted F1, accuracy and loss "
    "of each epoch for train and test. Rows of a matrix are the true class, columns the predicted one, B then M.",
)

ACCURACY = "given as 87%; the matrix says 523 of 597, which is 0.876"

DOUBTS = (
    "The report prints 652 benign images at 40X; 625 is what the other figures add up to (652 + 1,370 is not 1,995).",
    "The learning rate is 0.0005 in the table, 0.005 in the text that compares it with 0.1.",
    "ResNet18's accuracy is given as 87%; its matrix says 523/597 = 0.876.",
    "A 'wide ResNet-18' is named, which was not trained. ResNet18 is better on test than on training, which is read "
    "as generalisation.",
    "Classes are imbalanced and left so. Scores by image and by patient differ, and only the first are given.",
    "The curves suggest that epochs were judged on the set that is reported as test.",
)

OURS = (
    "The published fold 2 is taken where dsfold2.txt lies in the data's folder beside BreaKHis_v1; its test set is "
    "touched once. Where the file is missing, 30% of the patients are drawn for test, and the split says so.",
    "Epochs are chosen on a patient-wise validation set of the fold's training set. That the published folds keep "
    "patients apart is known of the data set, not said in the report.",
    "Scores are by image, with intervals by patient. The share of each patient's images that is called rightly, as "
    "the data set's authors average it over patients, is not computed.",
    "Where the one dropout layer sits is not said: ours is after the layer of 256. The exponential schedule's gamma "
    "is not given: ours is 0.9 an epoch.",
    "The mean and SD are those of 197 of the images at 200X; the whole frame is squeezed to 224 x 224.",
    "What the authors wished for is a setting away: all magnifications (0), a test share of 0.2 (fold 0), class "
    "balance and a sweep of learning rate, batch size and epochs.",
)

WISHED = (
    "All four magnifications at once.",
    "An 80/20 split.",
    "Class balancing by downsampling.",
    "Further pre-processing.",
    "A finer search of learning rate, batch size and epochs.",
)
