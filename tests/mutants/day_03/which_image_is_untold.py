"""Your error names the two shapes but not the image: a caller who gave a hundred has to search for it.

task: 3.3
caught-by: test_day_03.py::test_the_error_says_which_image_and_both_shapes
"""


def collate_images(images):
    # task 3.3 begin
    if not images:
        raise ValueError("there is no image to collate: give at least one")
    for index, image in enumerate(images):
        if image.shape != images[0].shape:
            raise ValueError(
                f"one image has shape {image.shape}, but the first has {images[0].shape}: resize or crop them alike"
            )
    return mx.stack(list(images))
    # task 3.3 end
