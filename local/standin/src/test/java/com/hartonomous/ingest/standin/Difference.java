package com.hartonomous.ingest.standin;

import java.lang.annotation.ElementType;
import java.lang.annotation.Retention;
import java.lang.annotation.RetentionPolicy;
import java.lang.annotation.Target;

/** A test that pins what the stand-in does where SQL Server does something else. */
@Target(ElementType.METHOD)
@Retention(RetentionPolicy.RUNTIME)
public @interface Difference {

  /** The name of the entry in {@code local/standin/DIFFERENCES.md}. */
  String value();
}
