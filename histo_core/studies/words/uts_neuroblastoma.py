"""ResNet34 on five grades of neuroblastoma in words."""

FACTS = (
    "Data: a folder per class of 300 x 300 H&E crops at 40x, private to a hospital, so that users bring their own.",
    "Classes: PDNB is poorly differentiated, DNB differentiating, UDNB undifferentiated neuroblastoma, GN "
    "ganglioneuroma, GNB ganglioneuroblastoma.",
    "Images: PDNB 571, DNB 187, UDNB 155, GN 84, GNB 46; 1,043 in all.",
    "Patients: PDNB 77, DNB 12, UDNB 10, GN 18, GNB 8; 125 in all.",
    "Split: 0.8 for training and 0.2 for test; the test set holds DNB 37, GN 16, GNB 9, PDNB 114, UDNB 31; 207 in all.",
    "Balancing: every class of the training set enlarged to 600 images by augmentation (rotation up to 50 degrees, "
    "width and height shift, horizontal flip).",
    "Networks: ResNet34 from scratch with a softmax over 5; ResNet50 from ImageNet with a frozen backbone, an average "
    "pool and a softmax.",
    "Training: SGD at 0.01, 50 epochs, dropout 0. Epochs, dropout and, by the table's caption, optimisers were varied "
    "at 0.001. The loss is flat after 50 epochs.",
    "Repeats: 10 runs with random splits give the interval of F1.",
    "Evaluation: 5 x 5 confusion matrix, classification report with micro, macro and weighted averages, F1, loss "
    "curves.",
)

MICRO = "F1 here is the micro average, that is the accuracy"
SGD = f"{MICRO}; 0.90 in the table, 0.87 in the text"
WORST_DROPOUT = f"{MICRO}; its matrix sums to 203, not 207, and the text calls it the worst dropout"
QUARTER = f"{MICRO}; the lowest of its table, though the text calls 0.75 the worst"
TABLE = "captioned dropout 0.25, lr 0.01; its figures are those of the matrix for dropout 0 at lr 0.001"
WORST_TABLE = "attributed to the same setting as the other table"
MID_RANGE = "a mid-range; the ten values have mean 0.878, SD 0.017"
GNB = "the final matrix gives GNB an F1 of 0.82"

DOUBTS = (
    "The F1 of the sweeps is the micro average, that is the accuracy.",
    "The table named report is captioned dropout 0.25, lr 0.01 and described as no dropout, lr 0.01; its figures are "
    "exactly those of the matrix for dropout 0 at lr 0.001.",
    "The worst table is attributed to the same setting.",
    "SGD is 0.90 in the table, 0.87 in the text.",
    "The final matrix gives micro 0.860, below the 0.90 of dropout 0; its GNB F1 of 0.82 lies outside the stated 0.63 "
    "to 0.75.",
    "The interval of the ten splits is a mid-range; the ten values have mean 0.878, SD 0.017.",
    "The text says PDNB has more than ten times the images of GN; it is 6.8 times (12.4 times GNB).",
    "L2 is called better than L1 for UDNB; both have 31 of 31.",
    "The 0.75 dropout matrix sums to 203, not 207 (row PDNB to 110, not 114); the printed F1 of 0.88 is 183/207, so "
    "the four missing ones were errors.",
    "The text calls 0.75 the worst dropout, its own table 0.25.",
    "Table 7's text says the first model is better on DNB and PDNB and the second on the other three; the matrices "
    "say DNB 28 against 33, GN 15 against 15.",
    "A rate of 0.01 is chosen for its smoothest loss, though 0.90 at 0.001 (one split) is above 0.878 at 0.01 (mean "
    "of ten).",
    "Augmentation is called effective without a run without it.",
    "Keras adds l2 * w^2 to the loss, so that 1e-4 there is a weight decay of 2e-4 in torch's SGD.",
    "Several crops come from one patient and the split is by image, so scores are likely too high; a patient-wise "
    "split is not tried.",
)

OURS = (
    "The report's test set becomes validation for every choice (dropout, optimiser, rate); a test set is cut as "
    "well, patient-wise where the data set's patient pattern finds patients, and touched once.",
    "Splits by patient and by image stand side by side, so that the difference can be seen.",
    "Loss, batch size, input size and the size of the shifts are not given: cross entropy, 32, 224 and 0.1 of the "
    "side.",
    "The L2 penalty is a weight decay of 2e-4: the gradient of 1e-4 * w^2 is 2 * 1e-4 * w, and torch adds weight "
    "decay times w to the gradient. Ours reaches all weights, biases and norms too; L1 those with two axes or more.",
    "The rate of the runs with a penalty is not given: 0.01.",
    "ResNet50's frozen backbone runs in evaluation mode: batch norm keeps its statistics.",
)

WISHED = (
    "Cross-validation.",
    "More images.",
    "Watching activations for dead nodes.",
    "Features of the network with an SVM or a tree as a third technique.",
)
