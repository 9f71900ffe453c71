/**
 * PyTorch checkpoints and TorchScript models: the tensors that the pickle in them describes, and
 * where the bytes of their storages lie.
 *
 * <pre>
 * zip         = a zip archive, all members below ROOT, the first part of the first member's name:
 *               data.pkl, data/KEY (a storage), [version], [byteorder: "little" or "big"], ...
 * TorchScript = the same with constants.pkl, constants/KEY, code/...
 * legacy      = pickle(0x1950a86a20f9469cfc6c) pickle(1001) pickle(sys_info) pickle(object)
 *               pickle([KEY, ...]) then for each KEY: elements:i64, the storage's bytes
 * tar         = a tar archive with the members sys_info, storages, tensors, pickle:
 *   storages  = pickle(n) then n times pickle((KEY, location, class)) elements:i64 bytes,
 *               then pickle([(KEY, root KEY, offset, elements), ...]), views of storages
 *   tensors   = pickle(n) then n times pickle((KEY, storage KEY, class)) dims:i32 0:i32
 *               sizes:i64[dims] strides:i64[dims] offset:i64
 *   pickle    = the object; its persistent ids are KEYs of tensors
 * storage id  = ("storage", class, KEY, location, elements[, None or (view KEY, offset, elements)])
 * tensor      = a call of one of torch._utils._rebuild_*, over a storage: offset, sizes and strides
 *               in elements
 * </pre>
 *
 * <p>Integers are little-endian. A tensor's path is the list of keys and indices that lead to it
 * from the object; its name is those joined by dots, so names may repeat. A key that JSON cannot
 * tell from all others (a tuple, bytes, infinity) is in the path as <code>{"item": n}</code>, its
 * place in the dict. Nothing is executed: {@link
 * com.hartonomous.ingest.format.pytorch.PyTorchGlobals} names what a pickle may mention, and
 * whatever else it mentions makes the file refused, with a report of all names.
 *
 * <p>A module that was pickled as a Python object (<code>torch.save(model)</code>) is walked by its
 * state, so its paths are such as <code>["_modules","fc","_parameters","weight"]</code>: its class
 * may be any, but it is made without arguments and its state is that of a module. Arrays and
 * scalars of numpy are read over; they are no tensors.
 *
 * <p>Refused as not supported: other Python objects, wrapper subclasses and tensors of other
 * devices' libraries, TorchScript before 1.4 (model.json), the preview format PYTORCH1.
 *
 * <p>Sources: {@code torch/serialization.py}, {@code torch/_utils.py}, {@code
 * torch/_weights_only_unpickler.py}, {@code caffe2/serialize/inline_container.cc} and {@code
 * torch/csrc/jit/serialization/} of pytorch/pytorch.
 */
package com.hartonomous.ingest.format.pytorch;
