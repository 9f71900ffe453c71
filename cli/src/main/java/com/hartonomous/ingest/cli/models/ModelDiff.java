package com.hartonomous.ingest.cli.models;

import com.hartonomous.ingest.cli.ProblemException;
import com.hartonomous.ingest.cli.Progress;
import com.hartonomous.ingest.cli.models.RangeCuts.Cut;
import com.hartonomous.ingest.cli.models.RangeCuts.Range;
import com.hartonomous.ingest.cli.models.StoredChunks.Chunk;
import com.hartonomous.ingest.content.ContentStore;
import com.hartonomous.ingest.format.UnreadableValuesException;
import java.io.IOException;
import java.io.PrintWriter;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.Deque;
import java.util.HashMap;
import java.util.HashSet;
import java.util.IdentityHashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Function;

/**
 * Compares the tensors of two models. Values are compared by the names of their atoms; where the
 * two are cut differently, or are not ranges of their files, they are read.
 *
 * <p>Tensors are compared that have the same name. If a model has several of that name: those in
 * the same file at the same path, then those with the same values, then in their order. Element
 * types are compared in the words that all formats share, so that {@code FLOAT} is {@code F32}.
 *
 * <p>Memory is that of the two lists of tensors.
 */
final class ModelDiff {

  private static final String SHARED =
      "SELECT COUNT_BIG(*), SUM(a.ByteLength) FROM"
          + " (SELECT DISTINCT c.AtomId FROM dbo.FileChunks AS c INNER JOIN dbo.ModelFiles AS f"
          + " ON f.ModelFileId = c.ModelFileId WHERE f.ModelId = ?) AS l"
          + " INNER JOIN (SELECT DISTINCT c.AtomId FROM dbo.FileChunks AS c"
          + " INNER JOIN dbo.ModelFiles AS f ON f.ModelFileId = c.ModelFileId"
          + " WHERE f.ModelId = ?) AS r ON r.AtomId = l.AtomId"
          + " INNER JOIN dbo.Atoms AS a ON a.AtomId = l.AtomId";

  /** Tensors of one name, one of each model. */
  private record Pair(TensorRow left, TensorRow right) {}

  /** A model, what it has, and how that is cut; ranges without a cut are not in it. */
  private record Side(StoredModel model, List<TensorRow> tensors, Map<Long, Map<Range, Cut>> cuts) {

    Cut cut(TensorRow tensor) {
      return tensor.offset() == null
          ? null
          : cuts.get(tensor.file().modelFileId()).get(range(tensor));
    }

    /** Equal ones are of equal values; null when it does not say that. */
    Cut wholeCut(TensorRow tensor) {
      Cut cut = cut(tensor);
      return cut != null && cut.whole() ? cut : null;
    }

    DiffReport.Side shown() {
      return new DiffReport.Side(
          model.modelId(),
          model.tenantId(),
          model.name(),
          model.digest().toHex(),
          model.files().size(),
          model.byteLength(),
          tensors.size());
    }
  }

  private final Connection connection;
  private final ContentStore store;
  private final PrintWriter out;

  /**
   * @param out for progress
   */
  ModelDiff(Connection connection, ContentStore store, PrintWriter out) {
    this.connection = connection;
    this.store = store;
    this.out = out;
  }

  /**
   * Compares.
   *
   * @throws ProblemException when what is stored is damaged, or values cannot be found in it
   */
  DiffReport compare(StoredModel leftModel, StoredModel rightModel)
      throws SQLException, IOException, ProblemException {
    Side left = side(leftModel);
    Side right = side(rightModel);
    List<TensorRow> removed = new ArrayList<>();
    List<TensorRow> added = new ArrayList<>();
    List<Pair> pairs = pair(left, right, removed, added);
    Map<Pair, String> otherValues = otherValues(left, right, pairs);
    List<DiffReport.Changed> changed = new ArrayList<>();
    long equalTensors = 0;
    long equalBytes = 0;
    for (Pair pair : pairs) {
      List<String> differs = differs(pair, otherValues.get(pair));
      if (differs.isEmpty()) {
        equalTensors++;
        equalBytes += pair.left().length();
      } else {
        changed.add(new DiffReport.Changed(differs, pair.left().shown(), pair.right().shown()));
      }
    }
    return new DiffReport(
        left.shown(),
        right.shown(),
        equalTensors,
        equalBytes,
        changed,
        added.stream().map(TensorRow::shown).toList(),
        removed.stream().map(TensorRow::shown).toList(),
        shared(leftModel, rightModel));
  }

  /**
   * @param values null if they are the same
   */
  private static List<String> differs(Pair pair, String values) {
    List<String> differs = new ArrayList<>();
    if (!pair.left().contentType().equals(pair.right().contentType())) {
      differs.add("dtype");
    }
    if (!pair.left().shape().equals(pair.right().shape())) {
      differs.add("shape");
    }
    if (values != null) {
      differs.add(values);
    }
    return differs;
  }

  private Side side(StoredModel model) throws SQLException, IOException, ProblemException {
    List<TensorRow> tensors = TensorRow.of(connection, model);
    Map<Long, Set<Range>> ranges = new HashMap<>();
    for (TensorRow tensor : tensors) {
      if (tensor.offset() != null && tensor.length() > 0) {
        ranges
            .computeIfAbsent(tensor.file().modelFileId(), id -> new HashSet<>())
            .add(range(tensor));
      }
    }
    Map<Long, RangeCuts> files = new HashMap<>();
    new StoredChunks(connection)
        .read(
            model,
            (file, page) -> {
              RangeCuts cuts =
                  files.computeIfAbsent(
                      file.modelFileId(), id -> new RangeCuts(ranges.getOrDefault(id, Set.of())));
              for (Chunk chunk : page) {
                cuts.add(chunk);
              }
            });
    Map<Long, Map<Range, Cut>> cuts = new HashMap<>();
    model.files().forEach(file -> cuts.put(file.modelFileId(), Map.of()));
    files.forEach((id, found) -> cuts.put(id, found.cuts()));
    return new Side(model, tensors, cuts);
  }

  private static Range range(TensorRow tensor) {
    return new Range(tensor.offset(), tensor.length());
  }

  private static List<Pair> pair(
      Side left, Side right, List<TensorRow> removed, List<TensorRow> added) {
    Map<String, List<TensorRow>> ofLeft = byName(left.tensors());
    Map<String, List<TensorRow>> ofRight = byName(right.tensors());
    List<Pair> pairs = new ArrayList<>();
    for (Map.Entry<String, List<TensorRow>> named : ofLeft.entrySet()) {
      List<TensorRow> mine = named.getValue();
      List<TensorRow> theirs = ofRight.getOrDefault(named.getKey(), new ArrayList<>());
      pairBy(ModelDiff::place, ModelDiff::place, mine, theirs, pairs);
      pairBy(left::wholeCut, right::wholeCut, mine, theirs, pairs);
      pairBy(TensorRow::name, TensorRow::name, mine, theirs, pairs);
      removed.addAll(mine);
    }
    ofRight.values().forEach(added::addAll);
    return pairs;
  }

  private static Map<String, List<TensorRow>> byName(List<TensorRow> tensors) {
    Map<String, List<TensorRow>> named = new LinkedHashMap<>();
    for (TensorRow tensor : tensors) {
      named.computeIfAbsent(tensor.name(), name -> new ArrayList<>()).add(tensor);
    }
    return named;
  }

  /**
   * Moves tensors of equal keys from the two lists to the pairs, first to first; those without a
   * key stay.
   */
  private static void pairBy(
      Function<TensorRow, Object> myKey,
      Function<TensorRow, Object> theirKey,
      List<TensorRow> mine,
      List<TensorRow> theirs,
      List<Pair> pairs) {
    Map<Object, Deque<TensorRow>> offered = new HashMap<>();
    for (TensorRow tensor : theirs) {
      Object key = theirKey.apply(tensor);
      if (key != null) {
        offered.computeIfAbsent(key, k -> new ArrayDeque<>()).add(tensor);
      }
    }
    Set<TensorRow> taken = Collections.newSetFromMap(new IdentityHashMap<>());
    mine.removeIf(
        tensor -> {
          Deque<TensorRow> fitting = offered.get(myKey.apply(tensor));
          if (fitting == null || fitting.isEmpty()) {
            return false;
          }
          TensorRow other = fitting.removeFirst();
          taken.add(other);
          pairs.add(new Pair(tensor, other));
          return true;
        });
    theirs.removeIf(taken::contains);
  }

  private static Object place(TensorRow tensor) {
    return Arrays.asList(tensor.file().path(), tensor.path());
  }

  /** The pairs whose values are not known to be the same bytes, and what differs then. */
  private Map<Pair, String> otherValues(Side left, Side right, List<Pair> pairs)
      throws IOException, ProblemException {
    Map<Pair, String> other = new HashMap<>();
    List<Pair> toRead = new ArrayList<>();
    for (Pair pair : pairs) {
      Cut leftCut = left.cut(pair.left());
      Cut rightCut = right.cut(pair.right());
      if (pair.left().length() != pair.right().length()) {
        other.put(pair, DiffReport.VALUES);
      } else if (pair.left().length() == 0) {
        continue;
      } else if (leftCut == null || rightCut == null || !leftCut.isComparable(rightCut)) {
        toRead.add(pair);
      } else if (!leftCut.contents().equals(rightCut.contents())) {
        other.put(pair, DiffReport.VALUES);
      }
    }
    long bytes = toRead.stream().mapToLong(pair -> 2 * pair.left().length()).sum();
    TensorValues leftValues = new TensorValues(connection, store, left.model());
    TensorValues rightValues = new TensorValues(connection, store, right.model());
    try (Progress progress = Progress.of(out, "read values", bytes)) {
      for (Pair pair : toRead) {
        try {
          if (!leftValues
              .hash(pair.left(), progress)
              .equals(rightValues.hash(pair.right(), progress))) {
            other.put(pair, DiffReport.VALUES);
          }
        } catch (UnreadableValuesException e) {
          // Not an error of either model; the others are still to be compared.
          other.put(pair, DiffReport.UNREAD);
        }
      }
    }
    return other;
  }

  private DiffReport.Shared shared(StoredModel left, StoredModel right) throws SQLException {
    try (PreparedStatement statement = connection.prepareStatement(SHARED)) {
      statement.setInt(1, left.modelId());
      statement.setInt(2, right.modelId());
      try (ResultSet row = statement.executeQuery()) {
        row.next();
        return new DiffReport.Shared(row.getLong(1), row.getLong(2));
      }
    }
  }
}
