package com.hartonomous.formats.numpy;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.hartonomous.ingest.format.ModelFormat;
import com.hartonomous.ingest.format.ModelFormats;
import java.io.File;
import java.io.IOException;
import java.lang.reflect.InvocationTargetException;
import java.net.URISyntaxException;
import java.net.URL;
import java.net.URLClassLoader;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.jar.JarEntry;
import java.util.jar.JarOutputStream;
import java.util.stream.Stream;
import org.apache.flink.configuration.CoreOptions;
import org.apache.flink.util.ChildFirstClassLoader;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * The product, started without this format, finds it once its jar is there. The class path of the
 * test has it, so each case runs in class loaders of its own.
 */
class InstalledAtRunTimeTest {

  @TempDir Path temporary;

  private final List<URL> product = new ArrayList<>();
  private Path jar;

  @BeforeEach
  void packJar() throws Exception {
    Path classes = location(NpyFormat.class);
    jar = temporary.resolve("numpy.jar");
    try (JarOutputStream target = new JarOutputStream(Files.newOutputStream(jar))) {
      pack(classes, target);
    }
    for (String entry : System.getProperty("java.class.path").split(File.pathSeparator)) {
      if (!Path.of(entry).toAbsolutePath().startsWith(classes.getParent())) {
        product.add(Path.of(entry).toUri().toURL());
      }
    }
  }

  @Test
  void withoutTheJarItIsNotThere() throws Exception {
    try (URLClassLoader commandLine = commandLine(product)) {
      assertThat(installed(commandLine))
          .contains("onnx", "safetensors")
          .doesNotContain("npy", "npz");
    }
  }

  @Test
  void onTheClassPathOfTheCommandItIsFound() throws Exception {
    List<URL> urls = new ArrayList<>(product);
    urls.add(jar.toUri().toURL());
    try (URLClassLoader commandLine = commandLine(urls)) {
      assertThat(installed(commandLine)).contains("npy", "npz", "onnx");
    }
  }

  /** The job's jar and those of {@code flink run -C} or {@code usrlib/} share one class loader. */
  @Test
  void besideTheJobsJarItIsFoundUnderFlink() throws Exception {
    List<URL> urls = new ArrayList<>(product);
    urls.add(jar.toUri().toURL());
    try (URLClassLoader job = job(urls, ClassLoader.getPlatformClassLoader())) {
      assertThat(installed(job)).contains("npy", "npz", "onnx");
    }
  }

  /** Classes in Flink's {@code lib/} do not see the job's, of which {@link ModelFormat} is one. */
  @Test
  void inFlinksLibFolderItNeedsTheJobsJarBesideIt() throws Exception {
    List<URL> both = new ArrayList<>(product);
    both.add(jar.toUri().toURL());
    try (URLClassLoader lib = commandLine(List.of(jar.toUri().toURL()));
        URLClassLoader job = job(product, lib)) {
      assertThatThrownBy(() -> installed(job))
          .isInstanceOf(InvocationTargetException.class)
          .rootCause()
          .isInstanceOf(ClassNotFoundException.class)
          .hasMessageContaining("ModelFormat");
    }
    try (URLClassLoader lib = commandLine(both);
        URLClassLoader job = job(List.of(), lib)) {
      assertThat(installed(job)).contains("npy", "npz", "onnx");
    }
  }

  private static URLClassLoader commandLine(List<URL> urls) {
    return new URLClassLoader(urls.toArray(URL[]::new), ClassLoader.getPlatformClassLoader());
  }

  private static URLClassLoader job(List<URL> urls, ClassLoader lib) {
    return new ChildFirstClassLoader(
        urls.toArray(URL[]::new),
        lib,
        CoreOptions.ALWAYS_PARENT_FIRST_LOADER_PATTERNS.defaultValue().toArray(String[]::new),
        throwable -> {});
  }

  /** Returns the names of the formats that the product finds there. */
  private static List<String> installed(ClassLoader loader) throws ReflectiveOperationException {
    Object formats =
        loader.loadClass(ModelFormats.class.getName()).getMethod("installed").invoke(null);
    List<String> names = new ArrayList<>();
    for (Object format : (List<?>) formats.getClass().getMethod("formats").invoke(formats)) {
      names.add(
          (String) loader.loadClass(ModelFormat.class.getName()).getMethod("name").invoke(format));
    }
    return names;
  }

  private static Path location(Class<?> type) throws URISyntaxException {
    return Path.of(type.getProtectionDomain().getCodeSource().getLocation().toURI());
  }

  private static void pack(Path folder, JarOutputStream target) throws IOException {
    try (Stream<Path> files = Files.walk(folder)) {
      for (Path file : files.filter(Files::isRegularFile).sorted().toList()) {
        target.putNextEntry(new JarEntry(folder.relativize(file).toString().replace('\\', '/')));
        Files.copy(file, target);
        target.closeEntry();
      }
    }
  }
}
