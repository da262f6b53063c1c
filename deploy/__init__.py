"""The ways in which Bilet runs: the command line, this machine, pods, images, and the simulator."""
