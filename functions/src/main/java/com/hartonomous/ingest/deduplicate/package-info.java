/** Keyed state: what a row refers to, and which atoms were sent already. */
package com.hartonomous.ingest.deduplicate;
