"""Algorithms of sb3-contrib, which is imported when one of them is asked for.

TRPO has the networks of PPO, TQC those of SAC. CrossQ normalises the inputs of every
layer; what a trained one does with its running means is an affine function, so that it
is taken into the layer behind. RecurrentPPO has LSTM layers before those of PPO.
"""
