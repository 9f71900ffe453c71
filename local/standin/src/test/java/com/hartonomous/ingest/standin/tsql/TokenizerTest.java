package com.hartonomous.ingest.standin.tsql;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import com.hartonomous.ingest.standin.type.SqlServerError;
import java.util.List;
import org.junit.jupiter.api.Test;

class TokenizerTest {

  private static List<String> kindsAndTexts(String sql) throws SqlServerError {
    return Tokenizer.tokenize(sql).stream().map(t -> t.kind() + " " + t.text()).toList();
  }

  @Test
  void resolvesEveryKindOfQuotation() throws Exception {
    assertThat(kindsAndTexts("[x]]y] \"a\"\"b\" 'it''s' N'\u00e4''' n'' #t ##g @v @@ROWCOUNT"))
        .containsExactly(
            "QUOTED_NAME x]y",
            "QUOTED_NAME a\"b",
            "STRING it's",
            "NATIONAL_STRING \u00e4'",
            "NATIONAL_STRING ",
            "WORD #t",
            "WORD ##g",
            "VARIABLE @v",
            "GLOBAL_VARIABLE @@ROWCOUNT",
            "END ");
  }

  @Test
  void readsNumbersAndBinaries() throws Exception {
    assertThat(kindsAndTexts("1 1.5 .5 1e3 2.5E-2 0x 0xA 0x0fE 3.e"))
        .containsExactly(
            "NUMBER 1",
            "NUMBER 1.5",
            "NUMBER .5",
            "NUMBER 1e3",
            "NUMBER 2.5E-2",
            "BINARY ",
            "BINARY 0A",
            "BINARY 00fE",
            "NUMBER 3.",
            "WORD e",
            "END ");
  }

  @Test
  void dropsCommentsAlsoNestedOnes() throws Exception {
    assertThat(kindsAndTexts("a--x\nb/*1/*2*/3*/c--end"))
        .containsExactly("WORD a", "WORD b", "WORD c", "END ");
  }

  @Test
  void separatesSymbolsFromWhatTheyTouch() throws Exception {
    assertThat(kindsAndTexts("a<>1.b>=@x+=2")) // a point behind a number belongs to it
        .containsExactly(
            "WORD a",
            "SYMBOL <>",
            "NUMBER 1.",
            "WORD b",
            "SYMBOL >=",
            "VARIABLE @x",
            "SYMBOL +=",
            "NUMBER 2",
            "END ");
  }

  @Test
  void namesWhatIsLeftOpen() {
    assertFails("SELECT 'abc", 105, "Unclosed quotation mark after the character string 'abc'.");
    assertFails("SELECT [abc", 105, "Unclosed quotation mark after the character string 'abc'.");
    assertFails("/* a /* b */ SELECT 1", 113, "Missing end comment mark '*/'.");
    assertFails("SELECT \u00a71", 102, "Incorrect syntax near '\u00a7'.");
    assertFails("SELECT []", 1038, "An object or column name is missing or empty.");
  }

  @Test
  void offsetsCutTheSourceExactly() throws Exception {
    String sql = "  SELECT [a]]b] , N'x'";
    List<Token> tokens = Tokenizer.tokenize(sql);
    assertThat(tokens.stream().map(t -> sql.substring(t.start(), t.end())))
        .containsExactly("SELECT", "[a]]b]", ",", "N'x'", "");
  }

  private static void assertFails(String sql, int number, String message) {
    assertThatExceptionOfType(SqlServerError.class)
        .isThrownBy(() -> Tokenizer.tokenize(sql))
        .withMessage(message)
        .satisfies(e -> assertThat(e.number()).isEqualTo(number));
  }
}
