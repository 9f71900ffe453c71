/**
 * What an operator can set. Every option is declared once, with key, type, unit, range, default and
 * description; a YAML file and {@code --set key=value} give values; whatever does not fit is
 * refused with one line that says where, what was expected, what was found and what to do.
 */
package com.hartonomous.ingest.job.config;
