package com.hartonomous.ingest.format.pytorch;

import com.hartonomous.ingest.format.pickle.AllowedGlobals;
import com.hartonomous.ingest.format.pickle.PickleNode;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.regex.Pattern;

/**
 * The globals that a pickle of PyTorch may name, compared by module and name, each whole:
 *
 * <ul>
 *   <li>those of torch's own {@code weights_only} loading, as far as they are data;
 *   <li>what common checkpoints hold beside tensors: numpy's scalars and arrays, {@code
 *       argparse.Namespace}, paths, the hyperparameters of Lightning;
 *   <li>the classes of {@code torch.nn}, and in {@code torch.save(model)} those of any other
 *       package whose objects are modules by their state, for they are only data to be walked;
 *   <li>those of TorchScript.
 * </ul>
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
  static final String NUMPY = "numpy";

  private static final String TORCH = "torch";
  private static final String COLLECTIONS = "collections";
  private static final String SCRIPT_CLASSES = "__torch__";
  private static final String NN = "torch.nn.";

  /** A name of one part: what a dotted name leads to is not what its module says. */
  private static final Pattern IDENTIFIER = Pattern.compile("[A-Za-z_][A-Za-z0-9_]*");

  /** What every object of {@code torch.nn.Module} has in its state. */
  private static final List<String> MODULE_STATE = List.of("_parameters", "_buffers", "_modules");

  /** Whose names are never those of modules. Torch refuses the first four even if asked to. */
  private static final Set<String> NO_MODULES =
      Set.of("sys", "os", "posix", "nt", "builtins", "__builtin__", "torch");

  private static final List<String> LIGHTNING =
      List.of(
          "pytorch_lightning.utilities.parsing",
          "lightning.pytorch.utilities.parsing",
          "lightning_fabric.utilities.data",
          "lightning.fabric.utilities.data");

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
    allow("torch._C._nn", Use.NAME, "gelu");
    // In the state of every module before PyTorch 1.2.
    allow("torch.nn.backends.thnn", Use.CALL, "_get_thnn_function_backend");
    for (String numpy : List.of("numpy.core.", "numpy._core.")) {
      allow(numpy + "multiarray", Use.CALL, "scalar", "_reconstruct");
      allow(numpy + "numeric", Use.CALL, "_frombuffer");
    }
    allow(NUMPY, Use.CALL, "dtype");
    allow(NUMPY, Use.NAME, "ndarray");
    allow("argparse", Use.CLASS, "Namespace");
    for (String paths : List.of("pathlib", "pathlib._local")) {
      allow(paths, Use.CALL, "PosixPath", "PurePosixPath", "WindowsPath", "PureWindowsPath");
    }
    LIGHTNING.forEach(module -> allow(module, Use.DICT, "AttributeDict"));
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
    if (module.startsWith(NN) && IDENTIFIER.matcher(name).matches()) {
      return Optional.of(Use.CLASS);
    }
    if (isCallback(module, name)) {
      return Optional.of(Use.NAME);
    }
    boolean script =
        this == TORCH_SCRIPT
            && (module.equals(JIT) && SCRIPT_CALLS.contains(name)
                || module.equals(SCRIPT_CLASSES)
                || module.startsWith(SCRIPT_CLASSES + "."));
    return script ? Optional.of(Use.CALL) : Optional.empty();
  }

  /** Only as the key of its state, in checkpoints of Lightning before 1.5. */
  private static boolean isCallback(String module, String name) {
    return module.startsWith("pytorch_lightning.callbacks.") && IDENTIFIER.matcher(name).matches();
  }

  @Override
  public boolean mayBeClass(String module, String name) {
    return this == CHECKPOINT
        && IDENTIFIER.matcher(name).matches()
        && !NO_MODULES.contains(module)
        && !module.startsWith(TORCH + ".");
  }

  @Override
  public boolean allowsState(PickleNode state) {
    return state instanceof PickleNode.Dict dict
        && MODULE_STATE.stream()
            .allMatch(key -> dict.get(key).filter(PickleNode.Dict.class::isInstance).isPresent());
  }

  /** The type of {@code _rebuild_from_type[_v2]}, which is not looked at. */
  @Override
  public int namedArgument(PickleNode.Global callee) {
    return callee.module().equals(TENSOR) ? 1 : -1;
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
