/** TDS. */
package com.hartonomous.ingest.standin.wire;
