package com.hartonomous.ingest.sink;

import com.hartonomous.ingest.content.ContentStore;
import com.hartonomous.ingest.content.NewAtom;
import com.hartonomous.ingest.content.NewContent;
import com.hartonomous.ingest.record.AtomReference;
import com.hartonomous.ingest.record.DeadLetter;
import com.hartonomous.ingest.record.Sha256;
import com.hartonomous.ingest.runtime.FileRangeReader;
import java.io.IOException;
import java.sql.Connection;
import java.sql.SQLException;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Deque;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * The content that one transaction brings, and what came of it. Content of files is streamed, never
 * held in memory. An atom that several references bring is taken from the first that still has it.
 */
final class ContentShipment {

  /** Atoms and bytes that were new. */
  record Gain(long atoms, long bytes) {

    static final Gain NONE = new Gain(0, 0);

    Gain plus(Gain other) {
      return new Gain(atoms + other.atoms, bytes + other.bytes);
    }
  }

  private final Connection connection;
  private final ContentStore store;
  private final FileRangeReader files;
  private final long loadBytesMax;

  private final Map<Integer, Gain> gainsOfModels = new HashMap<>();
  private final Map<Integer, Long> newAtomsOfTables = new HashMap<>();
  private final Map<Sha256, List<DeadLetter>> letters = new HashMap<>();
  private final Map<Sha256, List<DeadLetter>> unreadable = new HashMap<>();

  /**
   * @param files reads content; stays open
   * @param loadBytesMax content given to the store at once; a larger atom goes alone
   */
  ContentShipment(
      Connection connection, ContentStore store, FileRangeReader files, long loadBytesMax) {
    this.connection = connection;
    this.store = store;
    this.files = files;
    this.loadBytesMax = loadBytesMax;
  }

  /**
   * Stores the content of missing atoms.
   *
   * @throws IOException when a file system does not answer; nothing of the transaction may be
   *     committed then
   */
  void ship(List<AtomReference> references, Set<Sha256> missing) throws SQLException, IOException {
    Map<Sha256, Deque<AtomReference>> sources = new LinkedHashMap<>();
    for (AtomReference reference : references) {
      if (reference.row() == null) {
        gainsOfModels.putIfAbsent(reference.modelId(), Gain.NONE);
      }
      if (reference.present() && missing.contains(reference.hash())) {
        sources.computeIfAbsent(reference.hash(), hash -> new ArrayDeque<>()).add(reference);
      }
    }
    Collection<Sha256> wanted = sources.keySet();
    while (!wanted.isEmpty()) {
      List<AtomReference> next = new ArrayList<>();
      for (Sha256 hash : wanted) {
        AtomReference source = sources.get(hash).poll();
        if (source == null) {
          unreadable.put(hash, letters.get(hash));
        } else {
          next.add(source);
        }
      }
      wanted = shipFrom(next);
    }
  }

  /** What each model brought, also nothing, of those that have references here. */
  Map<Integer, Gain> gainsOfModels() {
    return gainsOfModels;
  }

  /** Atoms that rows brought, by captured table. */
  Map<Integer, Long> newAtomsOfTables() {
    return newAtomsOfTables;
  }

  /** Whether the atom's content could not be had anywhere. */
  boolean lacks(Sha256 hash) {
    return unreadable.containsKey(hash);
  }

  /** Why content could not be had. */
  List<DeadLetter> letters() {
    return unreadable.values().stream().flatMap(List::stream).toList();
  }

  /** Load by load; returns the atoms of which that source has the content no more. */
  private List<Sha256> shipFrom(List<AtomReference> sources) throws SQLException, IOException {
    List<Sha256> failed = new ArrayList<>();
    List<AtomReference> load = new ArrayList<>();
    long loadBytes = 0;
    for (AtomReference source : sources) {
      long bytes = source.contentLength();
      if (!load.isEmpty() && loadBytes + bytes > loadBytesMax) {
        failed.addAll(shipLoad(load));
        load.clear();
        loadBytes = 0;
      }
      load.add(source);
      loadBytes += bytes;
    }
    if (!load.isEmpty()) {
      failed.addAll(shipLoad(load));
    }
    return failed;
  }

  private List<Sha256> shipLoad(List<AtomReference> load) throws SQLException, IOException {
    List<NewAtom> atoms = new ArrayList<>();
    List<FileContent> inFiles = new ArrayList<>();
    for (AtomReference source : load) {
      NewContent content;
      if (source.inlineContent() == null) {
        FileContent inFile = new FileContent(source, files);
        inFiles.add(inFile);
        content = inFile;
      } else {
        content = NewContent.of(source.inlineContent());
      }
      atoms.add(new NewAtom(source.hash(), source.contentType(), content));
    }
    Set<Sha256> inserted = store.storeMissing(connection, atoms);
    load.stream().filter(source -> inserted.contains(source.hash())).forEach(this::count);
    List<Sha256> failed = new ArrayList<>();
    for (FileContent content : inFiles) {
      content.requireReadable();
      if (!content.isVerified()) {
        Sha256 hash = content.source().hash();
        failed.add(hash);
        letters.computeIfAbsent(hash, h -> new ArrayList<>()).add(letter(content));
      }
    }
    return failed;
  }

  private void count(AtomReference source) {
    if (source.row() != null) {
      newAtomsOfTables.merge(source.row().key().tableId(), 1L, Long::sum);
    } else {
      gainsOfModels.merge(source.modelId(), new Gain(1, source.contentLength()), Gain::plus);
    }
  }

  private static DeadLetter letter(FileContent content) {
    AtomReference source = content.source();
    return content
        .unusable()
        .map(e -> letter(source, "FILE_UNREADABLE", e.getMessage()))
        .orElseGet(
            () ->
                letter(
                    source,
                    "FILE_CHANGED",
                    "Expected content "
                        + source.hash()
                        + ", found "
                        + content.found().orElseThrow()
                        + ": the file changed while it was ingested; submit it again."));
  }

  private static DeadLetter letter(AtomReference source, String reason, String message) {
    return new DeadLetter(
        source.fileContent().uri(),
        "offset " + source.fileContent().offset(),
        reason,
        message,
        source.fileContent().uri(),
        source.chunk().modelId());
  }
}
