"""Inception v3 and group-equivariant networks on PatchCamelyon in words."""

FACTS = (
    "Data: camelyonpatch_level_2_split_{train,valid,test}_{x,y}.h5 (HDF5 keys x [N, 96, 96, 3] uint8 and y [N, 1, 1, "
    "1]) and camelyonpatch_level_2_split_{train,valid,test}_meta.csv (coord_y, coord_x, tumor_patch, "
    "center_tumor_patch, wsi); 262,144 patches for training, 32,768 for validation and 32,768 for test.",
    "Patches with and without tumour by the column tumor_patch: 131,745 and 130,399 for training, 16,458 and 16,310 "
    "for validation, 16,474 and 16,294 for test. Which column the report counted is our reading; the label is "
    "center_tumor_patch.",
    "Slides of PCam: 216 for training, 54 for validation, 129 for test. Slides of CAMELYON16: 270 for training (160 "
    "normal, 110 tumour), 130 for test (80 normal, 49 tumour). A slide is named camelyon16_<split>_<label>_<number>.",
    "Patches were scanned at 0.243 um per pixel (40x) and undersampled to 10x.",
    "Exploration: counts per split and class, slides per split and type, share of each split against CAMELYON16, "
    "sample patches, mean and SD over the training set.",
    "Preprocessing: to tensor; ImageNet's mean and SD for pretrained networks, those of training for networks from "
    "scratch.",
    "Inception v3 from ImageNet with a frozen backbone; main and auxiliary head replaced by a linear layer to 2; "
    "input 299.",
    "All-CNN, a leaky ReLU after each layer: 2 x 2 convolutions of 320, 320, 320 (stride 2, dropout .1), 640 (dropout "
    ".1), 640, 640 (stride 2, dropout .2), 960 (dropout .2), 960, 960 (stride 2, dropout .3), 1280 (dropout .3), "
    "1280, 1280 (stride 2, dropout .4), 1600 (dropout .4), 1600, 1600 (stride 2, dropout .5), then 1 x 1 of 1920 "
    "(dropout .5) and of 2, the mean over space, softmax.",
    "All-CNN's sides: 95, 94, 47, 46, 45, 22, 21, 20, 10, 9, 8, 4, 3, 2, 1, 1, 1. Initial weights by Glorot, Kaiming "
    "tried later.",
    "All-GCNN: All-CNN with the first layer P4ConvZ2 and the others P4ConvP4, reduced from 17 to 9 to 6 layers for "
    "memory. An intermediate output of [1, 2, 4, 21, 21] is printed, which limits which layers were removed.",
    "G-CNN, the one that learned on CIFAR10: P4ConvZ2 3x3 96, P4ConvP4 3x3 96, max pool, dropout .2; twice P4ConvP4 "
    "3x3 192, max pool, dropout .3; twice P4ConvP4 3x3 384; flatten (443,904), linear 1024, ReLU, dropout .4, linear "
    "2. Channels are those before the factor 4 of the rotations; the final PCam run halved them.",
    "Inception's first run: RMSprop, lr 0.1, momentum 0.9, eps 1.0, weight decay 0.9, x0.16 every 4 epochs, 24 "
    "epochs, batches of 200, reduced to 64 (3.3.1), no augmentation.",
    "Inception's second run: Nesterov SGD, the rest as before; rotation 45, flips (h, v, 0.3), shift and shear of 45 "
    "at 0.3, jitter of brightness, contrast, saturation and hue at 0.3.",
    "From scratch at first: RMSprop, lr 0.001 to 0.1, momentum 0.9, eps 1e-7, weight decay 0.9, cyclic, switching "
    "every 2,000 iterations, 24 epochs; rotation 90 at 0.3, horizontal and vertical flip 0.25, for half of the "
    "patches one of multiply and contrast 0.5 to 1.5, hue and saturation, and Gaussian blur; pixel dropout 0 to 0.2, "
    "elastic.",
    "Six layers, the 24-epoch run of figures 14 and 15 that stays at 50%, after the changes of 3.3.2: 96 to 384 "
    "channels, ReLU, Kaiming normal initial weights, a step schedule, Adam tried, no augmentation.",
    "From scratch in the end: Adam, lr 0.05, x0.1 every 20 epochs, 100 epochs, batches of 64, 128 in evaluation, "
    "channels halved, augmentation without rotation, the layers' own initial weights. The loss is cross entropy, "
    "summed over the batch in the final run.",
    "Lessons: one HDF5 handle shared by several loader workers breaks; the report opened the file on every access, "
    "then gave up and exported PNGs, to <split>/<normal|tumor>/*.png, so that an image-folder loader gives normal 0 "
    "and tumor 1.",
    "Lessons: pinned memory, non-blocking copies, a double batch for evaluation; per-batch schedulers must step per "
    "batch, per-epoch ones per epoch.",
    "Lessons: the best epoch is kept; training history goes to CSV; resuming from a checkpoint was missing.",
    "Evaluation: accuracy, ROC, AUC, accuracy and loss of each epoch.",
)

WINNER = "the ROC took the winning class's raw output, not the tumour's, as the score"
HALF = "weight decay, learning rate and schedule are far from what works"
CIFAR10 = "the accuracy is 64% in one place, around 60% in another; the flatten and two outputs do not fit CIFAR10"
OWN_PAGE = "the data set's own page gives 0.963"

DOUBTS = (
    "The ROC took the winning class's value, not the tumour class's, as the score. Inception's took the maximum of "
    "raw outputs.",
    "The All-CNN's listing ends in softmax (and its printed output has SoftmaxBackward), which cross entropy applies "
    "again; the G-CNN's listing ends in a linear layer and Inception's heads are linear, so for these no double "
    "softmax is printed.",
    "Biases of the convolutions were set to 0 at first, which gave 0.5/0.5 for every input; the initialisation block "
    "was removed.",
    "The scheduler is called the same as during the transfer learning (x0.16 every 4 epochs), elsewhere x0.1 every 20.",
    "The final scheduler is said to step after every batch; read literally, 0.05 falls to 5e-12 within 200 of 4,096 "
    "batches.",
    "54 of 399 slides is printed as 3.53% (it is 13.53%); CAMELYON16 has 130 test slides of which one is a duplicate, "
    "hence 129.",
    "The CIFAR10 accuracy is 64% in one place, around 60% in another; a flatten of 443,904 and two outputs do not fit "
    "CIFAR10's 32 x 32 and ten classes.",
    "Weight decay 0.9 with RMSprop, and lr 0.05 with Adam, are far above working ranges; the G-CNN's failure to learn "
    "most likely comes from these, the double softmax and the scheduler, not from group convolutions.",
    "The data set's own page gives the P4M-DenseNet an AUROC of 0.963, the report 0.96.",
)

OURS = (
    "Logits into cross entropy, the probability of tumour into the ROC curve, schedules stepped as named. The "
    "report's literal settings are the runs as printed, so that the failure can be shown.",
    "A frozen Inception trains two linear layers, the main and the auxiliary one. All else runs in evaluation mode: "
    "batch norm keeps its statistics and nothing is dropped out.",
    "As printed, the softmax is doubled for the All-CNN alone. Whether the All-GCNN ends in softmax is not printed.",
    "For Inception's first run, 0.9 is taken for how long RMSprop remembers, which with an epsilon of 1.0 is how the "
    "network was first trained; elsewhere there is no weight decay.",
    "The last run takes the mean of the losses, not their sum, and validates in batches of 64, not 128.",
    "Learning rates are 0.001 from scratch and 0.01 for Inception's second run; the report's are in the runs as "
    "printed. The six-layer run's rate is not given either; its step schedule is x0.16 every 4 epochs.",
    "Which layers were left out from 17 to 9 is ours, and ends at 11 x 11. The slope of the leaky ReLU, the cyclic "
    "runs' batch size (64) and the ReLU in the six-layer network of the final run are not given.",
    "Mean and SD of the training pixels, for networks from scratch, are those of 6,000 of the patches.",
    "Here each reader opens the HDF5 file for itself; `data export` writes class folders of PNG; the best epoch is "
    "kept, history is a CSV, and a run goes on from its checkpoint.",
)

WISHED = (
    "Resuming from a checkpoint, and checkpoints of each network.",
    "Several GPUs.",
    "Group convolutions in C++.",
    "DenseNet and others by transfer learning, fine-tuned rather than fixed.",
    "More than 24 epochs of transfer learning on the exported images.",
    "Feature visualisation.",
    "The paper of reference 27 (rotation-equivariant networks, Follmann and Boettger).",
)
