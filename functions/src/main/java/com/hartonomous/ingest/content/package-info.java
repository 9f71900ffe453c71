/** The one seam to an atom's bytes. */
package com.hartonomous.ingest.content;
