/**
 * The wire: packets, types, values, tokens and messages of TDS 7.1 to 7.4, as far as clients of the
 * stand-in need them. Source: Microsoft's open specification MS-TDS; the sections are named.
 * Imports type only.
 *
 * <p>Numbers are little-endian unless "BE" is said. {@code u8}, {@code u16}, {@code u32}, {@code
 * u64} are unsigned, {@code i16}, {@code i32} signed. {@code B_VARCHAR} is a u8 count of UTF-16
 * code units and the units; {@code US_VARCHAR} has a u16 count.
 *
 * <p>To clients of 7.2 values of date, time, datetime2 and datetimeoffset are nvarchar. In 7.1
 * besides there are no ALL_HEADERS and no ENVCHANGE 8 to 10, user types have two bytes, row counts
 * four, lines two, and (max) types are text, ntext and image.
 *
 * <pre>
 * Packet (2.2.3)      type u8, status u8, length u16 BE (header included, 8 to the packet size),
 *                     server process u16 BE, number u8, window u8, payload
 *   type              0x01 batch, 0x03 RPC, 0x04 reply, 0x06 attention (no payload), 0x07 bulk load,
 *                     0x0E transaction manager, 0x10 LOGIN7, 0x12 PRELOGIN
 *   status            0x01 end of message, 0x02 ignore the message, 0x08 reset the session first,
 *                     0x10 the same but keep the transaction (refused)
 *   size              4096 until LOGIN7 has been answered; 512 to 32,767, with TLS to 16,384
 *
 * PRELOGIN (2.2.6.5)  { option u8, offset u16 BE, length u16 BE }*, 0xFF, data
 *   options           0 version (major, minor, build u16 BE, subbuild u16), 1 encryption (0 off,
 *                     1 on, 2 not supported, 3 required), 4 MARS
 *   TLS               with encryption 1, TLS 1.2 records travel in PRELOGIN packets until the
 *                     handshake has ended; from then on TDS travels in TLS
 *
 * LOGIN7 (2.2.6.4)    length u32, version u32, packet size u32, ...; at 25 option flags 2 (0x80
 *                     integrated security); at 36 + 4n { offset u16, length u16 in code units }:
 *                     36 host, 40 user, 44 password (each byte: halves exchanged, then XOR 0xA5),
 *                     48 application, 68 database
 *
 * ALL_HEADERS (2.2.5.3)  total length u32 (itself included), headers (skipped)
 * SQLBatch (2.2.6.7)  ALL_HEADERS, text in UTF-16 to the end of the message
 * RPC (2.2.6.6)       ALL_HEADERS, call, { 0xFF (0x80 in 7.1), call }*
 *   call              name US_VARCHAR, or 0xFFFF and procedure number u16; options u16 (2 no metadata);
 *                     parameter*
 *   parameter         name B_VARCHAR, status u8 (1 output, 2 default, 8 encrypted), TYPE_INFO, value
 * Transaction manager (2.2.6.9)  ALL_HEADERS, type u16 (5 begin, 7 commit, 8 roll back, 9 save), then
 *                     begin: isolation level u8, name; save: name; else name, flags u8 (1: begin follows);
 *                     a name stands behind its length in bytes, u8
 * BulkLoad (2.2.6.1)  COLMETADATA, ROW*, DONE
 *
 * TYPE_INFO (2.2.5.6) type u8, then by type:
 *   0x30 tinyint, 0x32 bit, 0x34 smallint, 0x38 int, 0x7F bigint, 0x3B real, 0x3E float, 0x3C money,
 *   0x7A smallmoney, 0x3D datetime, 0x3A smalldatetime         nothing (never NULL; only read)
 *   0x26 INTN 1|2|4|8, 0x68 BITN 1, 0x6D FLTN 4|8, 0x6E MONEYN 4|8, 0x6F DATETIMN 4|8, 0x24 GUID 16
 *                                                              length u8
 *   0x6A DECIMALN, 0x6C NUMERICN                               length u8, precision u8, scale u8
 *   0x28 DATEN                                                 nothing
 *   0x29 TIMEN, 0x2A DATETIME2N, 0x2B DATETIMEOFFSETN          scale u8
 *   0xA5 varbinary, 0xAD binary                                length u16
 *   0xA7 varchar, 0xAF char, 0xE7 nvarchar, 0xEF nchar         length u16 in bytes, collation (5)
 *   0x23 text, 0x63 ntext                                      length u32, collation; 0x22 image without;
 *                     in COLMETADATA the table's name follows, US_VARCHAR
 *   a length of 0xFFFF with varchar, nvarchar, varbinary means (max)
 *
 * Value (2.2.5.5.1)   fixed types: the bytes. Types with a u8 length: length u8 (0 is NULL), bytes.
 *                     Types with a u16 length: length u16 (0xFFFF is NULL), bytes. (max) types:
 *   (max)             total u64 (2^64-1 is NULL, 2^64-2 unknown), { length u32, bytes }*, 0 u32
 *   text, ntext, image  pointer length u8 (0 is NULL), pointer, 8 bytes, length u32, bytes; as parameter
 *                     length i32 (-1 is NULL), bytes
 *   decimal           sign u8 (1 positive), magnitude of 4, 8, 12 or 16 bytes
 *   money             high i32, low u32, of ten-thousandths; smallmoney i32
 *   date              days since 0001-01-01, 3 bytes
 *   time(s)           units of 10^-s seconds, 3 bytes for s &lt;= 2, 4 for s &lt;= 4, else 5
 *   datetime2(s)      time(s), date; datetimeoffset(s): the same in UTC, then minutes i16
 *   datetime          days since 1900-01-01 i32, 1/300 seconds u32
 *   smalldatetime     days since 1900-01-01 u16, minutes u16
 *   uniqueidentifier  u32, u16, u16, 8 bytes
 *   char, varchar     code page 1252, or UTF-8 when the collation says so (0x04000000)
 *
 * Tokens (2.2.7)
 *   0x81 COLMETADATA  count u16 (0xFFFF: as before, the client wants no descriptions), { user type u32, flags u16 (1 nullable, 8 updatable unknown,
 *                     0x10 identity), TYPE_INFO, name B_VARCHAR }*
 *   0xD1 ROW          a value per column
 *   0xFD DONE, 0xFE DONEPROC, 0xFF DONEINPROC
 *                     status u16 (1 more follows, 2 error, 0x10 count is valid, 0x20 attention),
 *                     command u16, count u64
 *   0xAA ERROR, 0xAB INFO
 *                     length u16, number i32, state u8, class u8, message US_VARCHAR, server
 *                     B_VARCHAR, procedure B_VARCHAR, line i32
 *   0x79 RETURNSTATUS i32
 *   0xAC RETURNVALUE  ordinal u16, name B_VARCHAR, status u8, user type u32, flags u16, TYPE_INFO,
 *                     value
 *   0xAD LOGINACK     length u16, interface u8, version u32 BE, program B_VARCHAR, 4 bytes of version
 *   0xE3 ENVCHANGE    length u16, kind u8, new value, old value; as B_VARCHAR for 1 database,
 *                     2 language, 4 packet size, 18 reset; as u8 length and bytes for 7 collation,
 *                     8 begin, 9 commit, 10 rollback of a transaction
 * </pre>
 */
package com.hartonomous.ingest.standin.wire;
