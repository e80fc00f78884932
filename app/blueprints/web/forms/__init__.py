"""The pages' forms, one module for each word of the business."""
