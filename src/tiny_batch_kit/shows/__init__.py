"""What a student is shown: the demo, the experiments of the days, the comparison with mlx-lm, plots."""
