package com.hartonomous.ingest.standin;

import static com.tngtech.archunit.library.Architectures.layeredArchitecture;

import com.tngtech.archunit.core.importer.ImportOption;
import com.tngtech.archunit.junit.AnalyzeClasses;
import com.tngtech.archunit.junit.ArchTest;
import com.tngtech.archunit.lang.ArchRule;

/** The stand-in's layers import each other one way only. */
@AnalyzeClasses(
    packages = "com.hartonomous.ingest.standin",
    importOptions = ImportOption.DoNotIncludeTests.class)
final class LayersTest {
  @ArchTest
  static final ArchRule IMPORTS_POINT_DOWN =
      layeredArchitecture()
          .consideringOnlyDependenciesInLayers()
          .withOptionalLayers(true)
          .layer("type")
          .definedBy("..standin.type..")
          .layer("wire")
          .definedBy("..standin.wire..")
          .layer("tsql")
          .definedBy("..standin.tsql..")
          .layer("capture")
          .definedBy("..standin.capture..")
          .layer("broker")
          .definedBy("..standin.broker..")
          .layer("engine")
          .definedBy("..standin.engine..")
          .layer("session")
          .definedBy("..standin.session..")
          .layer("root")
          .definedBy("com.hartonomous.ingest.standin")
          .whereLayer("type")
          .mayNotAccessAnyLayer()
          .whereLayer("wire")
          .mayOnlyAccessLayers("type")
          .whereLayer("tsql")
          .mayOnlyAccessLayers("type")
          .whereLayer("capture")
          .mayOnlyAccessLayers("type")
          .whereLayer("broker")
          .mayOnlyAccessLayers("type")
          .whereLayer("engine")
          .mayOnlyAccessLayers("tsql", "capture", "broker", "type")
          .whereLayer("session")
          .mayOnlyAccessLayers("wire", "engine", "type");
}
