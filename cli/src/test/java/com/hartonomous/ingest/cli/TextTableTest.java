package com.hartonomous.ingest.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.PrintWriter;
import java.io.StringWriter;
import org.junit.jupiter.api.Test;

class TextTableTest {

  @Test
  void columnsAreAsWideAsTheyMustBeAndNumbersStandAtTheRight() {
    TextTable table = new TextTable("name", "bytes", "note");
    table.add("a", 7, null);
    table.add("longer", 1234, "x");

    assertThat(print(table))
        .isEqualTo(
            """
            name    bytes  note
            a           7  -
            longer   1234  x
            """);
  }

  @Test
  void controlCharactersDoNotReachTheTerminal() {
    TextTable table = new TextTable("name");
    table.add("a\u001b[2Jb\n\u202ec");

    assertThat(print(table)).doesNotContain("\u001b").doesNotContain("\u202e").hasLineCount(2);
  }

  @Test
  void everyRowHasACellForEachHeader() {
    assertThatThrownBy(() -> new TextTable("a", "b").add(1))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage("Expected 2 cells, found 1.");
  }

  private static String print(TextTable table) {
    StringWriter text = new StringWriter();
    table.print(new PrintWriter(text));
    return text.toString().replace(System.lineSeparator(), "\n");
  }
}
