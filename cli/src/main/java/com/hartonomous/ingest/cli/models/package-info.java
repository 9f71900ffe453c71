/** Commands on the models that are stored: given back, and compared. */
package com.hartonomous.ingest.cli.models;
