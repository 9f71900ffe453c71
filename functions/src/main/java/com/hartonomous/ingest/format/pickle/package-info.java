/**
 * Pickles as data: a restricted reader that runs nothing, looks nothing up and makes nothing but
 * inert nodes.
 *
 * <pre>
 * pickle  = PROTO version (2 to 5), opcodes, STOP
 * opcode  = one byte and its argument, little-endian
 *
 *   structure  PROTO FRAME STOP MARK POP POP_MARK DUP
 *   memo       BINPUT LONG_BINPUT MEMOIZE BINGET LONG_BINGET
 *   scalars    NONE NEWTRUE NEWFALSE BININT BININT1 BININT2 LONG1 LONG4 BINFLOAT
 *              [SHORT_]BINSTRING, [SHORT_]BINUNICODE[8], [SHORT_]BINBYTES[8], BYTEARRAY8
 *   containers EMPTY_TUPLE TUPLE TUPLE1-3, EMPTY_LIST LIST APPEND APPENDS,
 *              EMPTY_DICT DICT SETITEM SETITEMS, EMPTY_SET ADDITEMS FROZENSET
 *   objects    GLOBAL STACK_GLOBAL REDUCE NEWOBJ NEWOBJ_EX BUILD BINPERSID
 * </pre>
 *
 * <p>Every other opcode is refused: the text opcodes of protocol 0, INST, OBJ, PERSID, the
 * extension registry, out-of-band buffers. A name (GLOBAL, STACK_GLOBAL) must be on the caller's
 * allow-list, by module and name, or be that of a class whose objects the caller allows by their
 * state; the reader goes on for a million opcodes behind one that is not, so that the report of
 * names is complete or says that it is not, but what it read then is never handed out. FRAME is a
 * hint and is not used.
 *
 * <p>Limits, all checked before anything is allocated: the bytes of the pickle, opcodes, nodes,
 * stack, memo, names; a text beyond {@link
 * com.hartonomous.ingest.format.LayoutLimits#nameBytesMax()} is skipped, not kept. Nothing
 * recurses: nodes have the identity of objects, and no {@code equals}, {@code hashCode} or {@code
 * toString} that descends.
 *
 * <p>Source: CPython's {@code pickletools.py} (the opcodes' arguments) and {@code pickle.py} (what
 * they do).
 */
package com.hartonomous.ingest.format.pickle;
