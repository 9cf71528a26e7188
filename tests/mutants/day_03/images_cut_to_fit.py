"""You cut images to the smallest shape. What was cut is gone, and the caller was not told.

task: 3.3
caught-by: test_day_03.py::test_images_of_another_shape_are_an_error[width]
"""


def collate_images(images):
    # task 3.3 begin
    if not images:
        raise ValueError("no image")
    height, width = min(i.shape[0] for i in images), min(i.shape[1] for i in images)
    return mx.stack([image[:height, :width, : images[0].shape[2]] for image in images])
    # task 3.3 end
