package com.hartonomous.ingest.format.pytorch;

import com.hartonomous.ingest.format.pickle.AllowedGlobals;
import java.util.HashMap;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/**
 * The globals that a pickle of PyTorch may name: those of torch's own {@code weights_only} loading,
 * as far as they are data, and those of TorchScript. Compared by module and name, each whole.
 */
enum PyTorchGlobals implements AllowedGlobals {
  /** Of the pickles around the object: they hold numbers and texts. */
  NONE,
  /** Of {@code torch.save}. */
  CHECKPOINT,
  /** Of {@code torch.jit.save}: also the classes of the model, which are only names. */
  TORCH_SCRIPT;

  static final String UTILS = "torch._utils";
  static final String TENSOR = "torch._tensor";
  static final String PARAMETER = "torch.nn.parameter";
  static final String JIT = "torch.jit._pickle";
  static final String SERIALIZATION = "torch.serialization";

  private static final String TORCH = "torch";
  private static final String COLLECTIONS = "collections";
  private static final String SCRIPT_CLASSES = "__torch__";

  private static final Map<String, Map<String, Use>> ALLOWED = new HashMap<>();

  static {
    allow(COLLECTIONS, Use.DICT, "OrderedDict", "Counter");
    allow("builtins", Use.SET, "set", "frozenset");
    allow("__builtin__", Use.SET, "set", "frozenset");
    allow("builtins", Use.CALL, "bytearray", "complex");
    allow("__builtin__", Use.CALL, "bytearray", "complex");
    allow("_codecs", Use.CALL, "encode");
    allow(
        UTILS,
        Use.CALL,
        "_rebuild_tensor",
        "_rebuild_tensor_v2",
        "_rebuild_tensor_v3",
        "_rebuild_parameter",
        "_rebuild_parameter_with_state",
        "_rebuild_qtensor",
        "_rebuild_sparse_tensor",
        "_rebuild_sparse_csr_tensor",
        "_rebuild_meta_tensor_no_storage");
    allow(TENSOR, Use.CALL, "_rebuild_from_type", "_rebuild_from_type_v2");
    allow(PARAMETER, Use.CALL, "Parameter");
    allow(TORCH, Use.CALL, "Size", "device");
    allow(TORCH, Use.NAME, "Tensor");
    allow(SERIALIZATION, Use.CALL, "_get_layout");
    allow(
        TORCH,
        Use.NAME,
        "per_tensor_affine",
        "per_tensor_symmetric",
        "per_channel_affine",
        "per_channel_symmetric",
        "per_channel_affine_float_qparams",
        "strided",
        "sparse_coo",
        "sparse_csr",
        "sparse_csc",
        "sparse_bsr",
        "sparse_bsc");
  }

  private static final Set<String> SCRIPT_CALLS =
      Set.of(
          "build_intlist",
          "build_tensorlist",
          "build_doublelist",
          "build_boollist",
          "restore_type_tag");

  private static void allow(String module, Use use, String... names) {
    Map<String, Use> uses = ALLOWED.computeIfAbsent(module, key -> new HashMap<>());
    for (String name : names) {
      uses.put(name, use);
    }
  }

  @Override
  public Optional<Use> useOf(String module, String name) {
    if (this == NONE) {
      return Optional.empty();
    }
    Use use = ALLOWED.getOrDefault(module, Map.of()).get(name);
    if (use != null) {
      return Optional.of(use);
    }
    if (isStorage(module, name)
        || isTensorClass(module, name)
        || module.equals(TORCH) && isDtype(name)) {
      return Optional.of(Use.NAME);
    }
    boolean script =
        this == TORCH_SCRIPT
            && (module.equals(JIT) && SCRIPT_CALLS.contains(name)
                || module.equals(SCRIPT_CLASSES)
                || module.startsWith(SCRIPT_CLASSES + "."));
    return script ? Optional.of(Use.CALL) : Optional.empty();
  }

  /** Says whether it is the class of a storage, whose element type its name gives. */
  static boolean isStorage(String module, String name) {
    if (name.equals("UntypedStorage")) {
      return module.equals("torch.storage") || module.equals(TORCH) || module.equals("torch.cuda");
    }
    return (module.equals(TORCH) || module.equals("torch.cuda"))
        && PyTorchDtype.ofClass(name, "Storage").isPresent();
  }

  /** Says whether it is the class of a tensor of one element type. */
  static boolean isTensorClass(String module, String name) {
    return (module.equals(TORCH) || module.equals("torch.cuda"))
        && PyTorchDtype.ofClass(name, "Tensor").isPresent();
  }

  private static boolean isDtype(String name) {
    return name.equals(name.toLowerCase(Locale.ROOT)) && PyTorchDtype.named(name).isPresent();
  }
}
