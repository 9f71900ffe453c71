package com.hartonomous.ingest.standin.broker;

import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.StringReader;
import java.nio.charset.StandardCharsets;
import java.util.Optional;
import javax.xml.XMLConstants;
import javax.xml.parsers.ParserConfigurationException;
import javax.xml.parsers.SAXParserFactory;
import org.xml.sax.Attributes;
import org.xml.sax.InputSource;
import org.xml.sax.SAXException;
import org.xml.sax.helpers.DefaultHandler;

/** What a message type demands of bodies, with the codes of the column {@code validation}. */
public enum Validation {
  NONE("N"),
  EMPTY("E"),
  WELL_FORMED_XML("X");

  /** Deeper documents are refused; SQL Server's limit, too. */
  private static final int DEPTH_MAX = 128;

  private final String code;

  Validation(String code) {
    this.code = code;
  }

  /** One letter. */
  public String code() {
    return code;
  }

  static Validation ofCode(String code) {
    for (Validation validation : values()) {
      if (validation.code.equals(code)) {
        return validation;
      }
    }
    throw new IllegalArgumentException("no validation has the code " + code);
  }

  /** What is wrong with a body, or empty. */
  Optional<String> fault(byte[] body) {
    boolean empty = body == null || body.length == 0;
    return switch (this) {
      case NONE -> Optional.empty();
      case EMPTY -> empty ? Optional.empty() : Optional.of("The message body is not empty.");
      case WELL_FORMED_XML -> empty ? Optional.of("The message body is empty.") : xmlFault(body);
    };
  }

  /** Document types are refused, so that nothing is expanded or fetched. */
  private static Optional<String> xmlFault(byte[] body) {
    try {
      SAXParserFactory factory = SAXParserFactory.newInstance();
      factory.setNamespaceAware(true);
      factory.setFeature(XMLConstants.FEATURE_SECURE_PROCESSING, true);
      factory.setFeature("http://apache.org/xml/features/disallow-doctype-decl", true);
      factory.newSAXParser().parse(source(body), new DepthLimit());
      return Optional.empty();
    } catch (SAXException e) {
      return Optional.of("XML parsing: " + e.getMessage());
    } catch (IOException e) {
      return Optional.of("XML parsing: bytes that are no text: " + e.getMessage());
    } catch (ParserConfigurationException e) {
      throw new IllegalStateException("this Java has no XML parser that refuses document types", e);
    }
  }

  /** NVARCHAR has no byte order mark, by which alone parsers know UTF-16. */
  private static InputSource source(byte[] body) {
    boolean wide = body.length >= 2 && body[0] != 0 && body[1] == 0;
    return wide
        ? new InputSource(new StringReader(new String(body, StandardCharsets.UTF_16LE)))
        : new InputSource(new ByteArrayInputStream(body));
  }

  private static final class DepthLimit extends DefaultHandler {
    private int depth;

    @Override
    public void startElement(String uri, String localName, String name, Attributes attributes)
        throws SAXException {
      if (++depth > DEPTH_MAX) {
        throw new SAXException("elements are nested deeper than " + DEPTH_MAX);
      }
    }

    @Override
    public void endElement(String uri, String localName, String name) {
      depth--;
    }

    @Override
    public void error(org.xml.sax.SAXParseException e) throws SAXException {
      throw e;
    }

    @Override
    public void fatalError(org.xml.sax.SAXParseException e) throws SAXException {
      throw e;
    }
  }
}
