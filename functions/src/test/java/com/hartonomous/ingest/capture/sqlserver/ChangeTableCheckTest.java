package com.hartonomous.ingest.capture.sqlserver;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class ChangeTableCheckTest {

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "ALTER TABLE dbo.Pages DROP COLUMN Title | Title | true",
        "alter table dbo.Pages drop column Body, title; | Title | true",
        "ALTER TABLE Pages DROP CONSTRAINT Title_Unique, COLUMN [Title] | Title | true",
        "ALTER TABLE dbo.Pages DROP COLUMN [a]]b, [c]].d] | a]b, [c].d | true",
        "ALTER TABLE dbo.Pages DROP COLUMN Subtitle, Title2 | Title | false",
        "ALTER TABLE dbo.Pages ADD Title NVARCHAR(40) NULL | Title | false",
        "ALTER TABLE dbo.Title ADD Dropped INT NULL | Title | false"
      })
  void aStatementThatDropsAColumnIsKnown(String command, String column, boolean drops) {
    assertThat(ChangeTableCheck.names(command, "DROP", column)).isEqualTo(drops);
  }

  @Test
  void aStatementThatChangesATypeIsKnown() {
    String command = "ALTER TABLE dbo.Pages ALTER  COLUMN Title DATE NULL";
    String kind = "ALTER\\s+COLUMN";
    assertThat(ChangeTableCheck.names(command, kind, "Title")).isTrue();
    assertThat(ChangeTableCheck.names(command, kind, "Pages")).isFalse();
    assertThat(ChangeTableCheck.names(command, "DROP", "Title")).isFalse();
  }
}
