/**
 * GGUF, the format of ggml and llama.cpp.
 *
 * <pre>
 * file        = magic version tensor_count kv_count kv* info* padding data
 * magic       = 47 47 55 46, "GGUF", in either byte order
 * version     = u32; 1, 2 or 3. If its low 16 bits, read little-endian, are 0, every number of the
 *               file is big-endian, in the tensors too; otherwise all are little-endian
 * counts      = u64; u32 in version 1
 * kv          = key type value; keys are strings, unique, not empty
 * type        = u32: 0 u8, 1 i8, 2 u16, 3 i16, 4 u32, 5 i32, 6 f32, 7 bool, 8 string, 9 array,
 *               10 u64, 11 i64, 12 f64
 * string      = length bytes; length is a u64, a u32 in version 1; UTF-8, not checked by writers
 * array       = type count value*; type is a u32, count a u64, a u32 in version 1; arrays may be
 *               inside arrays, here up to 8 deep
 * info        = name dimension_count dimension* ggml_type offset
 * name        = string of up to 63 bytes, unique
 * dimension   = u64; u32 in version 1. The fastest comes first; there are 0 to 4
 * ggml_type   = u32, see {@link com.hartonomous.ingest.format.gguf.GgufType}
 * offset      = u64, from the start of data
 * padding     = zeros up to the next multiple of the alignment: the value of the key
 *               general.alignment, a u32 and power of two, or 32; none if there are no tensors
 * data        = the tensors in the order of their infos, each padded to the alignment; the padding
 *               of the last may be missing, and bytes behind it mean nothing
 * </pre>
 *
 * <p>A model in several files has in each of them the keys split.no (u16, from 0), split.count
 * (u16) and split.tensors.count (i32, of all files), and file names that end with {@code
 * -00001-of-00003.gguf}: number and count. The first file stands for the model.
 *
 * <p>What is accepted is what {@code gguf.cpp} of ggml and the loader of llama.cpp accept (ggml
 * d99724f, llama.cpp c392e50), with these differences: version 1, big-endian files, and arrays
 * inside arrays are read; element counts are exact where ggml's wrap around; the data must be in
 * the file. Names with a NUL, which end there for ggml, are refused. Text that is not UTF-8 is
 * decoded with replacement characters, and keys and names must differ after that.
 */
package com.hartonomous.ingest.format.gguf;
