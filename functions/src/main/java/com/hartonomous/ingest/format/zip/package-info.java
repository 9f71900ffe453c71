/**
 * Zip archives by their central directory: which members there are and where their bytes lie, for
 * members that are stored as they are and for deflated ones.
 *
 * <pre>
 * file     = (local data)*, central entry*, [zip64 end record, zip64 locator], end record
 * local    = "PK\3\4" version:u16 flags:u16 method:u16 time:u32 crc:u32 csize:u32 size:u32
 *            name length:u16 extra length:u16 name extra, then csize bytes
 * central  = "PK\1\2" made by:u16 version:u16 flags:u16 method:u16 time:u32 crc:u32 csize:u32
 *            size:u32 name length:u16 extra length:u16 comment length:u16 disk:u16
 *            internal:u16 external:u32 local offset:u32 name extra comment
 * end      = "PK\5\6" disk:u16 directory's disk:u16 entries here:u16 entries:u16 directory size:u32
 *            directory offset:u32 comment length:u16 comment, to the end of the file
 * end64    = "PK\6\6" size:u64 made by:u16 version:u16 disks:u32 u32 entries here:u64 entries:u64
 *            directory size:u64 directory offset:u64
 * locator  = "PK\6\7" disk:u32 end64 offset:u64 disks:u32
 * extra 1  = zip64: size:u64 csize:u64 local offset:u64, of these only the saturated ones
 * </pre>
 *
 * <p>All little-endian; a field of 0xFFFF or 0xFFFFFFFF has its value in the zip64 structures.
 * Sizes come from the central directory alone: with flag bit 3 the local header has none. Where
 * parsers could disagree the archive is refused: a local header that says something else than the
 * central entry, a name twice, members that overlap each other or the directory, encryption,
 * several disks.
 *
 * <p>Source: PKWARE's APPNOTE.TXT 6.3.
 */
package com.hartonomous.ingest.format.zip;
