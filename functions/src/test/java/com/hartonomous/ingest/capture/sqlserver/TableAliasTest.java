package com.hartonomous.ingest.capture.sqlserver;

import static org.assertj.core.api.Assertions.assertThat;

import io.debezium.relational.TableId;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

class TableAliasTest {

  @Test
  void whatIsNoLatinLetterDigitOrUnderscoreIsWrittenAsItsCodeUnits() {
    assertThat(TableAlias.of("Order_Lines2")).isEqualTo("Order_Lines2");
    assertThat(TableAlias.of("Order Lines")).isEqualTo("Order_x0020_Lines");
    assertThat(TableAlias.of("Order_x0020_Lines")).isEqualTo("Order_x005F_x0020_Lines");
    assertThat(TableAlias.of("\uD83D\uDCC4")).isEqualTo("_xD83D__xDCC4_");
  }

  /** The connector's patterns tell no case: an escape in lower case must not look like one. */
  @Test
  void noNameIsTakenForAnothersAliasInWhateverCase() {
    assertThat(TableAlias.of("a_X0020_b")).isNotEqualToIgnoringCase(TableAlias.of("a b"));
    assertThat(TableAlias.of("a_x00e4_b")).isNotEqualToIgnoringCase(TableAlias.of("a\u00E4b"));
  }

  /** All texts of up to eight of the characters that escapes are made of, and a space. */
  @Test
  void everyNameComesBack() {
    List<String> names = List.of("");
    for (int length = 1; length <= 8; length++) {
      names =
          names.stream().flatMap(name -> Stream.of("_", "x", "0", " ").map(name::concat)).toList();
      assertThat(names)
          .allSatisfy(
              name -> {
                assertThat(TableAlias.of(name)).matches("\\w+");
                assertThat(TableAlias.original(TableAlias.of(name))).isEqualTo(name);
              });
    }
  }

  @Test
  void everyCodeUnitComesBack() {
    for (char unit = 1; unit != 0; unit++) {
      String name = "a" + unit + "b";
      assertThat(TableAlias.original(TableAlias.of(name))).isEqualTo(name);
    }
  }

  /** As the connector does between its enumerator and its readers. */
  @Test
  void aliasesAreReadBackFromNamesThatAreJoinedByDots() {
    TableId alias = TableAlias.of(new TableId("Shop", "My \"Schema\".x", "It's [a] `table`"));

    assertThat(TableId.parse(alias.toString())).isEqualTo(alias);
    assertThat(TableAlias.original(TableId.parse(alias.toString())))
        .isEqualTo(new TableId("Shop", "My \"Schema\".x", "It's [a] `table`"));
  }
}
