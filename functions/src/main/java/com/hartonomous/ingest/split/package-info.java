/** Cuts content into the segments that become atoms. */
package com.hartonomous.ingest.split;
