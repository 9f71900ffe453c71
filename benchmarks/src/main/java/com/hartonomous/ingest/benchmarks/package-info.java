/** Measurements of the whole, side by side or against a bound; benchmarks/README.md says how. */
package com.hartonomous.ingest.benchmarks;
