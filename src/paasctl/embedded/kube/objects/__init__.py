"""What the API server decides of objects: schema, defaults, ownership, patches. Pure: values in, values out."""
