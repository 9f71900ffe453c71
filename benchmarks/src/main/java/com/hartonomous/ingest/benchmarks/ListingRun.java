package com.hartonomous.ingest.benchmarks;

import com.hartonomous.ingest.format.FolderLimits;
import com.hartonomous.ingest.format.LayoutLimits;
import com.hartonomous.ingest.format.LocalFileInput;
import com.hartonomous.ingest.format.ModelFormatException;
import com.hartonomous.ingest.format.ModelFormats;
import com.hartonomous.ingest.format.ModelReader;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStream;
import java.io.PrintWriter;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/**
 * The listing of a model file by this product, against a reference library in a Python process:
 * both warm and in process, in turns, each opening the file anew.
 */
final class ListingRun {

  private static final int WARM_UP = 30;
  private static final int WARM_UP_REFERENCE = 3;
  private static final String SCRIPT = "reference_listing.py";

  /**
   * What one turn took.
   *
   * @param ours and {@code theirs}: milliseconds
   */
  record Pair(double ours, double theirs) {
    double ratio() {
      return ours / theirs;
    }
  }

  private final String python;
  private final Path file;
  private final ModelReader reader =
      new ModelReader(ModelFormats.installed(), LayoutLimits.DEFAULT, FolderLimits.DEFAULT);

  /**
   * @param python an interpreter that has the library
   */
  ListingRun(String python, Path file) {
    this.python = python;
    this.file = file;
  }

  /** Writes the file: GGUF with a vocabulary, merges, and 300 small tensors. */
  void makeGguf(int tokens) throws IOException, InterruptedException {
    Process process =
        python("make-gguf", file.toString(), Integer.toString(tokens)).inheritIO().start();
    if (process.waitFor() != 0) {
      throw new IOException(python + " ended with code " + process.exitValue());
    }
  }

  /**
   * Runs pairs of turns, after some that do not count.
   *
   * @param library {@code gguf}, {@code safetensors} or {@code torch}
   * @throws IOException also if both list different numbers of tensors
   */
  List<Pair> run(String library, int pairs)
      throws IOException, ModelFormatException, InterruptedException {
    Process process =
        python(library, file.toString()).redirectError(ProcessBuilder.Redirect.INHERIT).start();
    try (PrintWriter turns =
            new PrintWriter(process.getOutputStream(), true, StandardCharsets.US_ASCII);
        BufferedReader answers = process.inputReader(StandardCharsets.US_ASCII)) {
      for (int i = 0; i < WARM_UP; i++) {
        ours();
      }
      for (int i = 0; i < WARM_UP_REFERENCE; i++) {
        theirs(turns, answers);
      }
      List<Pair> measured = new ArrayList<>();
      for (int i = 0; i < pairs; i++) {
        double ours = ours();
        measured.add(new Pair(ours, theirs(turns, answers)));
      }
      return measured;
    } finally {
      process.destroy();
      process.waitFor();
    }
  }

  private ProcessBuilder python(String... arguments) throws IOException {
    List<String> command = new ArrayList<>(List.of(python, "-c", script()));
    command.addAll(List.of(arguments));
    return new ProcessBuilder(command);
  }

  private static String script() throws IOException {
    try (InputStream script = ListingRun.class.getResourceAsStream(SCRIPT)) {
      return new String(script.readAllBytes(), StandardCharsets.UTF_8);
    }
  }

  private double ours() throws IOException, ModelFormatException {
    long begin = System.nanoTime();
    listed();
    return (System.nanoTime() - begin) / 1e6;
  }

  private int listed() throws IOException, ModelFormatException {
    try (LocalFileInput input = LocalFileInput.open(file)) {
      return reader.readFile(input, file.getFileName().toString()).tensorCount();
    }
  }

  private double theirs(PrintWriter turns, BufferedReader answers)
      throws IOException, ModelFormatException {
    turns.println();
    String answer = answers.readLine();
    if (answer == null) {
      throw new IOException(python + " ended; it needs the library, see its message above");
    }
    String[] figures = answer.split(" ");
    int tensors = listed();
    if (Integer.parseInt(figures[1]) != tensors) {
      throw new IOException(
          "expected the %d tensors that we list, found %s".formatted(tensors, figures[1]));
    }
    return Long.parseLong(figures[0]) / 1e6;
  }
}
