"""Lists the tensors of a model file with a reference library, once for each line of standard input.

    python reference_listing.py LIBRARY FILE          # answers each line with nanoseconds and tensors
    python reference_listing.py make-gguf FILE TOKENS # writes a GGUF file with a vocabulary
"""
import sys
import time


def list_gguf(path):
    from gguf import GGUFReader

    return [
        (t.name, t.tensor_type.name, [int(n) for n in t.shape], int(t.data_offset), int(t.n_bytes))
        for t in GGUFReader(path).tensors
    ]


def list_safetensors(path):
    from safetensors import safe_open

    with safe_open(path, "np") as file:
        tensors = []
        for name in file.keys():
            tensor = file.get_slice(name)
            tensors.append((name, tensor.get_dtype(), tensor.get_shape()))
        return tensors


def list_torch(path):
    import torch

    state = torch.load(path, mmap=True, weights_only=True)
    return [(name, t.dtype, t.shape, t.storage_offset()) for name, t in state.items()]


LIBRARIES = {"gguf": list_gguf, "safetensors": list_safetensors, "torch": list_torch}


def make_gguf(path, tokens):
    import numpy
    from gguf import GGUFWriter

    writer = GGUFWriter(path, "llama")
    writer.add_token_list([f"token {i}" for i in range(tokens)])
    writer.add_token_scores([-float(i) for i in range(tokens)])
    writer.add_token_types([1] * tokens)
    writer.add_token_merges([f"to ken{i}" for i in range(tokens)])
    for i in range(300):
        writer.add_tensor(f"blk.{i}.weight", numpy.full((16, 32), i, numpy.float32))
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()


if sys.argv[1] == "make-gguf":
    make_gguf(sys.argv[2], int(sys.argv[3]))
else:
    for _ in sys.stdin:
        begin = time.perf_counter_ns()
        listed = LIBRARIES[sys.argv[1]](sys.argv[2])
        print(time.perf_counter_ns() - begin, len(listed), flush=True)
