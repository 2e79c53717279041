"""Read and write files of frames."""
