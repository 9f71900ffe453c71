package com.hartonomous.ingest;

import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;
import static com.tngtech.archunit.library.dependencies.SlicesRuleDefinition.slices;

import com.tngtech.archunit.core.importer.ImportOption;
import com.tngtech.archunit.junit.AnalyzeClasses;
import com.tngtech.archunit.junit.ArchTest;
import com.tngtech.archunit.lang.ArchRule;

/** The directions in which packages may import each other. */
@AnalyzeClasses(
    packages = "com.hartonomous.ingest",
    importOptions = ImportOption.DoNotIncludeTests.class)
class ArchitectureTest {
  private static final String[] VALUES_AND_FORMATS = {
    "com.hartonomous.ingest.record..", "com.hartonomous.ingest.format.."
  };

  private static final String[] LIBRARIES = {
    "com.hartonomous.ingest.record..",
    "com.hartonomous.ingest.format..",
    "com.hartonomous.ingest.content..",
    "com.hartonomous.ingest.runtime.."
  };

  private static final String[] STAGES = {
    "com.hartonomous.ingest.capture..",
    "com.hartonomous.ingest.split..",
    "com.hartonomous.ingest.hash..",
    "com.hartonomous.ingest.deduplicate..",
    "com.hartonomous.ingest.project..",
    "com.hartonomous.ingest.sink.."
  };

  @ArchTest
  static final ArchRule valuesAndFormatsDoNotKnowFlink =
      noClasses()
          .that()
          .resideInAnyPackage(VALUES_AND_FORMATS)
          .should()
          .dependOnClassesThat()
          .resideInAPackage("org.apache.flink..");

  // Which of the stages exist is not this test's matter.
  @ArchTest
  static final ArchRule stagesMeetOnlyInRecords =
      slices()
          .matching("com.hartonomous.ingest.(capture|split|hash|deduplicate|project|sink)..")
          .should()
          .notDependOnEachOther()
          .allowEmptyShould(true);

  @ArchTest
  static final ArchRule librariesDoNotKnowStages =
      noClasses()
          .that()
          .resideInAnyPackage(LIBRARIES)
          .should()
          .dependOnClassesThat()
          .resideInAnyPackage(STAGES);

  @ArchTest
  static final ArchRule formatsKnowNothingElseOfOurs =
      noClasses()
          .that()
          .resideInAPackage("com.hartonomous.ingest.format..")
          .should()
          .dependOnClassesThat()
          .resideInAnyPackage(
              "com.hartonomous.ingest.record..",
              "com.hartonomous.ingest.content..",
              "com.hartonomous.ingest.runtime..");
}
