/**
 * NumPy arrays as models: an example of a format that is not part of the product. All that the
 * product knows of it is the entry in {@code
 * META-INF/services/com.hartonomous.ingest.format.ModelFormat}.
 */
package com.hartonomous.formats.numpy;
