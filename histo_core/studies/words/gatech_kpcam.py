"""Six ImageNet networks on Kaggle's PatchCamelyon in words."""

FACTS = (
    "Data: 220,025 images of Kaggle's PatchCamelyon, 0.8 for training and 0.2 for validation. The competition's test "
    "set is 57,458 unlabelled TIFF files of 96 x 96, scored by AUROC from a submission CSV (id, label), whose label "
    "is a probability.",
    "Networks, all from ImageNet, with the last layer changed to the task's classes: ResNet50, EfficientNet-B0 and "
    "B7, GoogLeNet, VGG16, DenseNet201, Xception.",
    "Heads: VGG16 has a dense layer of 512 after the final max pool and dropout 0.3; DenseNet201 a dense layer of 512 "
    "after the final pool and one dropout layer.",
    "Training in common: Adam, 0.0005 for the backbone and 0.005 for the head, weight decay 0.0001, cross entropy, "
    "label smoothing 0.1, 10 to 25 epochs; ResNet50 and EfficientNet-B0 10 epochs.",
    "GoogLeNet: binary cross entropy, 10 epochs frozen, then 10 epochs unfrozen; scored by an F measure in validation.",
    "VGG16 by its table: 25 epochs, batches of 64, 8,000 steps of training and 2,000 of validation, Adam at 0.0001, "
    "binary cross entropy, dropout 0.3, random search.",
    "DenseNet201 and VGG16: all layers trained, compared with all but the head frozen.",
    "Augmentation: a random choice of colour jitter, then a random choice of rotation, horizontal flip, vertical "
    "flip, or rotation and flip. VGG16's: rotation 40, width and height shift 0.2, shear 0.2, zoom 0.2, horizontal "
    "flip, fill nearest.",
    "Augmentation was compared with none for EfficientNet-B0, ResNet50 and Xception.",
    "Gradient maps: ResNet50 and EfficientNet-B0, cancer patches against no-cancer patches. Captum, for GoogLeNet: "
    "Saliency and Integrated Gradients on the input, LayerGradCam at inception5b.",
    "Is the centre enough, GoogLeNet: trained on the centre crop of 64 resized to 224; 1,000 images predicted twice, "
    "with the same transform and with a random crop of 64 turned by 90 degrees; the share of labels that change.",
    "Is the centre enough, Xception: the centre crop of 32 enlarged to 96 by pixel repetition; predictions compared "
    "with those of the full patch.",
    "Ensemble: a majority vote of the models' labels on the competition's test set.",
)

TABLES = "0.8977 in one table and 0.836 in another, which is the figure without augmentation"
LABELS = "competition scores may come from submitted labels rather than probabilities"
VGG16 = "two figures for one network, 0.8891 and 0.9145; settings of text and table differ"
TURNED = "crop and quarter turn change together, so it cannot be put down to position"
VOTE = "a vote of labels throws the probabilities away, which costs AUROC"
MELANOMA = "on melanoma, and accuracies where the study's own figures are AUROCs"

DOUBTS = (
    "ResNet50 with augmentation is 0.8977 in one table and 0.836 in another (which is the figure without "
    "augmentation).",
    "VGG16 is described with cross entropy, smoothing and rates 0.0005/0.005 in the text, with binary cross entropy "
    "and 0.0001 in its table; validation accuracy is 0.8891 and 0.9145; 8,000 steps of 64 are three times the "
    "training set.",
    "A 'ResNet-52' is named, which does not exist. EfficientNet-B7 has no result.",
    "The competition scores may come from submitted labels rather than probabilities.",
    "A vote of labels throws the probabilities away, which costs AUROC; averaging probabilities is not tried.",
    "Random crop and quarter turn change together, so that the 5% cannot be put down to position.",
    "The figures called over 90% and 82% to 91% are AUROCs, compared with accuracies of pathologists; the CNN said to "
    "outperform them has the lower specificity (0.60 against 0.665).",
    "Without augmentation accuracy in training and validation is higher; only test AUROC is lower.",
)

OURS = (
    "Choices are made on validation, and AUROC always comes from probabilities; the competition's test images have no "
    "labels here, so no test set is cut. Numbers of ours beside the report's are of the validation set.",
    "The ranges of jitter and rotation, the input size (patches as they are, 96 pixels), the batch size beside "
    "VGG16's 64 and, between 10 and 25, the epochs (10) are not given for most networks.",
    "VGG16's dense layer reads the final max pool's 3 x 3 x 512 = 4,608 numbers of a patch of 96 pixels.",
    "A frozen backbone runs in evaluation mode: batch norm keeps its statistics and nothing in it is dropped out. "
    "GoogLeNet then trains its last linear layer and those of its two auxiliary classifiers.",
    "An epoch is one pass over the training set and one over the validation set: VGG16's 8,000 and 2,000 steps are "
    "not repeated. The ranges of its random search are not given either.",
    "Histoscope makes neither the vote nor the mean of several networks. `predict --submission` writes each one's "
    "probabilities, from which both can be made.",
    "Histoscope explains by Grad-CAM and LIME. It has no Saliency, no Integrated Gradients and no second prediction "
    "of 1,000 turned crops.",
    "The rate of DenseNet201's one dropout layer is VGG16's 0.3. GoogLeNet's binary cross entropy is not smoothed.",
)
