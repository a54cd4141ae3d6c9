# The data pipeline: manifests to batches. Sees no LibTorch.
