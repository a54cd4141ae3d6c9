# Optimiser, loop, checkpoints, evaluation and the program rill-train.
