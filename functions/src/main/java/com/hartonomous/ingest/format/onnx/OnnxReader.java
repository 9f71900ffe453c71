package com.hartonomous.ingest.format.onnx;

import com.hartonomous.ingest.format.LayoutBudget;
import com.hartonomous.ingest.format.ModelFormatException;
import com.hartonomous.ingest.format.ModelLayout;
import com.hartonomous.ingest.format.NodeEntry;
import com.hartonomous.ingest.format.PositionedInput;
import com.hartonomous.ingest.format.TensorEntry;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;

/**
 * Walks one ONNX file. The methods follow the nesting of the messages; {@link ProtobufCursor} caps
 * its depth. A singular message that arrives in pieces is merged as protobuf demands, so what
 * collects its content lives as long as the message around it.
 */
final class OnnxReader {
  private final PositionedInput input;
  private final ProtobufCursor wire;
  private final LayoutBudget budget;
  private final OnnxExternalFiles externalFiles;
  private final OnnxSummary summary;

  /** What one graph holds, each list in the order of its indexes. */
  private static final class Graph {
    private final List<TensorEntry> nodeTensors = new ArrayList<>();
    private final List<TensorEntry> initializers = new ArrayList<>();
    private final List<TensorEntry> sparseInitializers = new ArrayList<>();
    private final List<NodeEntry> nodes = new ArrayList<>();
    private int nodeCount;
    private int initializerCount;
    private int sparseInitializerCount;

    private void appendTo(List<TensorEntry> tensors, List<NodeEntry> allNodes) {
      tensors.addAll(nodeTensors);
      tensors.addAll(initializers);
      tensors.addAll(sparseInitializers);
      allNodes.addAll(nodes);
    }
  }

  OnnxReader(PositionedInput input, LayoutBudget budget) {
    this.input = input;
    this.wire = new ProtobufCursor(input, budget.limits());
    this.budget = budget;
    this.externalFiles = new OnnxExternalFiles(input);
    this.summary = new OnnxSummary(wire, budget);
  }

  ModelLayout read() throws IOException, ModelFormatException {
    long end = input.length();
    Graph graph = null;
    List<TensorEntry> otherTensors = new ArrayList<>();
    List<NodeEntry> otherNodes = new ArrayList<>();
    List<TensorEntry> functionTensors = new ArrayList<>();
    List<NodeEntry> functionNodes = new ArrayList<>();
    int trainingCount = 0;
    int functionCount = 0;
    int tag;
    while ((tag = wire.nextTag(end)) != 0) {
      switch (tag) {
        case OnnxFields.MODEL_GRAPH -> {
          graph = graph == null ? new Graph() : graph;
          readGraph(end, "graph", graph, true);
        }
        case OnnxFields.MODEL_TRAINING_INFO ->
            readTraining(end, "training_info[" + trainingCount++ + "]", otherTensors, otherNodes);
        case OnnxFields.MODEL_FUNCTIONS ->
            readFunction(end, "functions[" + functionCount++ + "]", functionTensors, functionNodes);
        default -> {
          if (!summary.readModelField(tag, end)) {
            wire.skipField(tag, end);
          }
        }
      }
    }
    if (graph == null) {
      throw ModelFormatException.malformed(input, end, "graph", "a graph in the model", "none");
    }
    List<TensorEntry> tensors = new ArrayList<>();
    List<NodeEntry> nodes = new ArrayList<>();
    graph.appendTo(tensors, nodes);
    tensors.addAll(otherTensors);
    nodes.addAll(otherNodes);
    tensors.addAll(functionTensors);
    nodes.addAll(functionNodes);
    summary.count("nodes", nodes.size());
    summary.count("tensors", tensors.size());
    summary.count("initializers", graph.initializerCount);
    summary.count("functions", functionCount);
    return new ModelLayout(
        OnnxFormat.NAME,
        summary.toJson(),
        tensors,
        nodes,
        input.length(),
        List.of(),
        externalFiles.warnings(),
        externalFiles.checksums());
  }

  private void readGraph(long outerEnd, String path, Graph graph, boolean summarized)
      throws IOException, ModelFormatException {
    long end = wire.enterMessage(outerEnd, path);
    int tag;
    while ((tag = wire.nextTag(end)) != 0) {
      switch (tag) {
        case OnnxFields.GRAPH_NODE ->
            readNode(end, path + "/node[" + graph.nodeCount++ + "]", graph);
        case OnnxFields.GRAPH_INITIALIZER -> {
          OnnxTensor tensor = readTensor(end, null, "initializer");
          graph.initializers.add(
              tensor.finish(path + "/initializer[" + graph.initializerCount++ + "]"));
        }
        case OnnxFields.GRAPH_SPARSE_INITIALIZER -> {
          OnnxSparseTensor sparse = readSparseTensor(end, null, "sparse_initializer");
          finishSparse(
              sparse,
              path + "/sparse_initializer[" + graph.sparseInitializerCount++ + "]",
              graph.sparseInitializers);
        }
        default -> {
          if (!summarized || !summary.readGraphField(tag, end)) {
            wire.skipField(tag, end);
          }
        }
      }
    }
    wire.leaveMessage();
  }

  private void readNode(long outerEnd, String path, Graph graph)
      throws IOException, ModelFormatException {
    readNode(outerEnd, path, graph.nodeTensors, graph.nodes);
  }

  private void readNode(
      long outerEnd, String path, List<TensorEntry> tensors, List<NodeEntry> nodes)
      throws IOException, ModelFormatException {
    budget.addNode(wire.tagPosition());
    budget.addBytes(path.length(), wire.tagPosition());
    long end = wire.enterMessage(outerEnd, path);
    String name = "";
    String opType = "";
    List<NodeEntry> inner = new ArrayList<>();
    int attributeCount = 0;
    int tag;
    while ((tag = wire.nextTag(end)) != 0) {
      switch (tag) {
        case OnnxFields.NODE_NAME -> name = wire.readName(end, "name", budget);
        case OnnxFields.NODE_OP_TYPE -> opType = wire.readName(end, "op_type", budget);
        case OnnxFields.NODE_ATTRIBUTE ->
            readAttribute(end, path + "/attribute[" + attributeCount++ + "]", tensors, inner);
        default -> wire.skipField(tag, end);
      }
    }
    wire.leaveMessage();
    nodes.add(new NodeEntry(path, name, opType));
    nodes.addAll(inner);
  }

  private void readAttribute(
      long outerEnd, String path, List<TensorEntry> tensors, List<NodeEntry> nodes)
      throws IOException, ModelFormatException {
    long end = wire.enterMessage(outerEnd, path);
    OnnxTensor tensor = null;
    Graph graph = null;
    OnnxSparseTensor sparseTensor = null;
    List<TensorEntry> listed = new ArrayList<>();
    Graph graphs = new Graph();
    List<TensorEntry> sparseListed = new ArrayList<>();
    int tensorCount = 0;
    int graphCount = 0;
    int sparseCount = 0;
    int tag;
    while ((tag = wire.nextTag(end)) != 0) {
      switch (tag) {
        case OnnxFields.ATTRIBUTE_T -> tensor = readTensor(end, tensor, "t");
        case OnnxFields.ATTRIBUTE_G -> {
          graph = graph == null ? new Graph() : graph;
          readGraph(end, path + "/g", graph, false);
        }
        case OnnxFields.ATTRIBUTE_TENSORS ->
            listed.add(
                readTensor(end, null, "tensors").finish(path + "/tensors[" + tensorCount++ + "]"));
        case OnnxFields.ATTRIBUTE_GRAPHS -> {
          Graph one = new Graph();
          readGraph(end, path + "/graphs[" + graphCount++ + "]", one, false);
          one.appendTo(graphs.nodeTensors, graphs.nodes);
        }
        case OnnxFields.ATTRIBUTE_SPARSE_TENSOR ->
            sparseTensor = readSparseTensor(end, sparseTensor, "sparse_tensor");
        case OnnxFields.ATTRIBUTE_SPARSE_TENSORS ->
            finishSparse(
                readSparseTensor(end, null, "sparse_tensors"),
                path + "/sparse_tensors[" + sparseCount++ + "]",
                sparseListed);
        default -> wire.skipField(tag, end);
      }
    }
    wire.leaveMessage();
    if (tensor != null) {
      tensors.add(tensor.finish(path + "/t"));
    }
    if (graph != null) {
      graph.appendTo(tensors, nodes);
    }
    tensors.addAll(listed);
    graphs.appendTo(tensors, nodes);
    if (sparseTensor != null) {
      finishSparse(sparseTensor, path + "/sparse_tensor", tensors);
    }
    tensors.addAll(sparseListed);
  }

  private OnnxTensor readTensor(long outerEnd, OnnxTensor earlierPiece, String field)
      throws IOException, ModelFormatException {
    long end = wire.enterMessage(outerEnd, field);
    OnnxTensor tensor =
        earlierPiece == null ? new OnnxTensor(input, wire, budget, externalFiles) : earlierPiece;
    tensor.read(end);
    wire.leaveMessage();
    return tensor;
  }

  private OnnxSparseTensor readSparseTensor(
      long outerEnd, OnnxSparseTensor earlierPiece, String field)
      throws IOException, ModelFormatException {
    long end = wire.enterMessage(outerEnd, field);
    OnnxSparseTensor sparse =
        earlierPiece == null
            ? new OnnxSparseTensor(input, new OnnxDims(input, wire, budget))
            : earlierPiece;
    int tag;
    while ((tag = wire.nextTag(end)) != 0) {
      switch (tag) {
        case OnnxFields.SPARSE_VALUES ->
            sparse.setValues(readTensor(end, sparse.values(), "values"));
        case OnnxFields.SPARSE_INDICES ->
            sparse.setIndices(readTensor(end, sparse.indices(), "indices"));
        case OnnxFields.SPARSE_DIMS -> sparse.dims().read(end);
        case OnnxFields.SPARSE_DIMS_PACKED -> sparse.dims().readPacked(end);
        default -> wire.skipField(tag, end);
      }
    }
    wire.leaveMessage();
    return sparse;
  }

  private void finishSparse(OnnxSparseTensor sparse, String path, List<TensorEntry> tensors)
      throws IOException, ModelFormatException {
    sparse.finish(path, wire.tagPosition(), tensors);
    summary.addSparseTensor(path, sparse.dims().values());
  }

  private void readTraining(
      long outerEnd, String path, List<TensorEntry> tensors, List<NodeEntry> nodes)
      throws IOException, ModelFormatException {
    long end = wire.enterMessage(outerEnd, path);
    Graph initialization = new Graph();
    Graph algorithm = new Graph();
    int tag;
    while ((tag = wire.nextTag(end)) != 0) {
      switch (tag) {
        case OnnxFields.TRAINING_INITIALIZATION ->
            readGraph(end, path + "/initialization", initialization, false);
        case OnnxFields.TRAINING_ALGORITHM -> readGraph(end, path + "/algorithm", algorithm, false);
        default -> wire.skipField(tag, end);
      }
    }
    wire.leaveMessage();
    initialization.appendTo(tensors, nodes);
    algorithm.appendTo(tensors, nodes);
  }

  private void readFunction(
      long outerEnd, String path, List<TensorEntry> tensors, List<NodeEntry> nodes)
      throws IOException, ModelFormatException {
    long end = wire.enterMessage(outerEnd, path);
    List<TensorEntry> attributeTensors = new ArrayList<>();
    List<NodeEntry> attributeNodes = new ArrayList<>();
    int nodeCount = 0;
    int attributeCount = 0;
    int tag;
    while ((tag = wire.nextTag(end)) != 0) {
      switch (tag) {
        case OnnxFields.FUNCTION_NODE ->
            readNode(end, path + "/node[" + nodeCount++ + "]", tensors, nodes);
        case OnnxFields.FUNCTION_ATTRIBUTE_PROTO ->
            readAttribute(
                end,
                path + "/attribute_proto[" + attributeCount++ + "]",
                attributeTensors,
                attributeNodes);
        default -> wire.skipField(tag, end);
      }
    }
    wire.leaveMessage();
    tensors.addAll(attributeTensors);
    nodes.addAll(attributeNodes);
  }
}
