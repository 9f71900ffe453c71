package com.hartonomous.ingest.format.pytorch;

import java.util.List;

/**
 * A tensor over a part of a storage, as the tar format has it outside its pickle.
 *
 * @param offset of the first element in the part, in elements
 */
record TensorView(
    StoredBytes.Part part, PyTorchDtype dtype, long offset, List<Long> shape, List<Long> strides) {}
