-- The tables that ingestion uses. SQL Server 2019 and later.
--
-- Natural keys are BINARY(32): SHA-256 over the exact UTF-16LE bytes of a name or key, because the default collation
-- makes N'w' and N'W' one key and long names do not fit an index. The strings stand beside them for people.

-- Every piece of knowledge, once. ReferenceCount = rows in FileChunks + ModelNodes + RowAtoms that name the atom.
CREATE TABLE dbo.Atoms (
    AtomId         BIGINT IDENTITY(1,1) NOT NULL,
    AtomHash       BINARY(32)     NOT NULL,
    ByteLength     BIGINT         NOT NULL,
    Content        VARBINARY(MAX) NULL,
    PackFile       NVARCHAR(400)  NULL,
    PackOffset     BIGINT         NULL,
    PackLength     BIGINT         NULL,
    ContentType    NVARCHAR(100)  NOT NULL,
    CanonicalText  NVARCHAR(MAX)  NULL,
    ReferenceCount BIGINT         NOT NULL CONSTRAINT DF_Atoms_ReferenceCount DEFAULT 0,
    CreatedAt      DATETIME2(7)   NOT NULL CONSTRAINT DF_Atoms_CreatedAt DEFAULT SYSUTCDATETIME(),
    ReleasedAt     DATETIME2(7)   NULL,
    CONSTRAINT PK_Atoms PRIMARY KEY CLUSTERED (AtomId),
    CONSTRAINT UQ_Atoms_AtomHash UNIQUE NONCLUSTERED (AtomHash),
    CONSTRAINT CK_Atoms_ReferenceCount CHECK (ReferenceCount >= 0)
);
ALTER TABLE dbo.Atoms SET (LOCK_ESCALATION = DISABLE);

-- A model's life: INGESTING -> COMPLETE | FAILED -> DELETING -> DELETED. ModelId is given at submission, never reused.
CREATE TABLE dbo.Models (
    ModelId         INT IDENTITY(1,1) NOT NULL,
    TenantId        INT            NOT NULL,
    ModelName       NVARCHAR(400)  NOT NULL,
    ModelNameHash   BINARY(32)     NOT NULL,
    ModelType       NVARCHAR(100)  NULL,
    Provider        NVARCHAR(100)  NULL,
    IsActive        BIT            NOT NULL CONSTRAINT DF_Models_IsActive DEFAULT 1,
    MetadataJson    NVARCHAR(MAX)  NULL,
    State           VARCHAR(20)    NOT NULL,
    Failure         NVARCHAR(MAX)  NULL,
    DuplicateOf     INT            NULL,
    Digest          BINARY(32)     NULL,
    ExpectedChunks  BIGINT         NULL,
    ExpectedTensors BIGINT         NULL,
    ExpectedNodes   BIGINT         NULL,
    ExpectedBytes   BIGINT         NULL,
    DistinctAtoms   BIGINT         NULL,
    SubmittedAt     DATETIME2(7)   NOT NULL CONSTRAINT DF_Models_SubmittedAt DEFAULT SYSUTCDATETIME(),
    FinishedAt      DATETIME2(7)   NULL,
    CONSTRAINT PK_Models PRIMARY KEY CLUSTERED (ModelId),
    CONSTRAINT CK_Models_State CHECK (State IN ('INGESTING', 'COMPLETE', 'FAILED', 'DELETING', 'DELETED'))
);
CREATE INDEX IX_Models_Name ON dbo.Models (TenantId, ModelNameHash, Digest);
CREATE INDEX IX_Models_State ON dbo.Models (State);

CREATE TABLE dbo.ModelFiles (
    ModelFileId  BIGINT IDENTITY(1,1) NOT NULL,
    ModelId      INT            NOT NULL,
    RelativePath NVARCHAR(1000) NOT NULL,
    PathHash     BINARY(32)     NOT NULL,
    Uri          NVARCHAR(2000) NOT NULL,
    Format       NVARCHAR(50)   NOT NULL,
    ByteLength   BIGINT         NOT NULL,
    ModifiedAt   BIGINT         NOT NULL, -- milliseconds since 1970 UTC, as the file system gave it
    ChunkSize    INT            NOT NULL,
    CONSTRAINT PK_ModelFiles PRIMARY KEY CLUSTERED (ModelFileId),
    CONSTRAINT UQ_ModelFiles_Path UNIQUE NONCLUSTERED (ModelId, PathHash),
    CONSTRAINT FK_ModelFiles_Models FOREIGN KEY (ModelId) REFERENCES dbo.Models (ModelId)
);

-- The file, without gaps, in order: the truth from which it is given back byte for byte.
CREATE TABLE dbo.FileChunks (
    ModelFileId BIGINT NOT NULL,
    ChunkIndex  BIGINT NOT NULL,
    AtomId      BIGINT NOT NULL,
    ByteOffset  BIGINT NOT NULL,
    ByteLength  BIGINT NOT NULL,
    CONSTRAINT PK_FileChunks PRIMARY KEY CLUSTERED (ModelFileId, ChunkIndex),
    CONSTRAINT FK_FileChunks_ModelFiles FOREIGN KEY (ModelFileId) REFERENCES dbo.ModelFiles (ModelFileId),
    CONSTRAINT FK_FileChunks_Atoms FOREIGN KEY (AtomId) REFERENCES dbo.Atoms (AtomId)
);
CREATE INDEX IX_FileChunks_AtomId ON dbo.FileChunks (AtomId);
CREATE INDEX IX_FileChunks_Offset ON dbo.FileChunks (ModelFileId, ByteOffset) INCLUDE (AtomId, ByteLength);
ALTER TABLE dbo.FileChunks SET (LOCK_ESCALATION = DISABLE);

-- Tensors are named ranges over a file's chunks (ByteOffset NULL: LayoutJson says where the values are).
CREATE TABLE dbo.Tensors (
    ModelId     INT            NOT NULL,
    TensorId    INT            NOT NULL,
    TensorName  NVARCHAR(MAX)  NOT NULL,
    TensorPath  NVARCHAR(MAX)  NULL,
    DType       NVARCHAR(100)  NOT NULL,
    ContentType NVARCHAR(100)  NOT NULL,
    Dimensions  NVARCHAR(MAX)  NOT NULL,
    ModelFileId BIGINT         NOT NULL,
    ByteOffset  BIGINT         NULL,
    ByteLength  BIGINT         NOT NULL,
    LayoutJson  NVARCHAR(MAX)  NULL,
    CreatedAt   DATETIME2(7)   NOT NULL CONSTRAINT DF_Tensors_CreatedAt DEFAULT SYSUTCDATETIME(),
    CONSTRAINT PK_Tensors PRIMARY KEY CLUSTERED (ModelId, TensorId),
    CONSTRAINT FK_Tensors_ModelFiles FOREIGN KEY (ModelFileId) REFERENCES dbo.ModelFiles (ModelFileId)
);
CREATE INDEX IX_Tensors_File ON dbo.Tensors (ModelFileId, ByteOffset);

-- Graph nodes of a model (ONNX operators) as atoms.
CREATE TABLE dbo.ModelNodes (
    ModelId   INT           NOT NULL,
    NodeIndex INT           NOT NULL,
    NodePath  NVARCHAR(MAX) NOT NULL,
    AtomId    BIGINT        NOT NULL,
    CONSTRAINT PK_ModelNodes PRIMARY KEY CLUSTERED (ModelId, NodeIndex),
    CONSTRAINT FK_ModelNodes_Models FOREIGN KEY (ModelId) REFERENCES dbo.Models (ModelId),
    CONSTRAINT FK_ModelNodes_Atoms FOREIGN KEY (AtomId) REFERENCES dbo.Atoms (AtomId)
);
CREATE INDEX IX_ModelNodes_AtomId ON dbo.ModelNodes (AtomId);
ALTER TABLE dbo.ModelNodes SET (LOCK_ESCALATION = DISABLE);

-- What each writer has stored of a model, moved in the transaction that stores it: progress without counting, and
-- without a row that all writers fight for.
CREATE TABLE dbo.ModelProgress (
    ModelId      INT          NOT NULL,
    Writer       INT          NOT NULL,
    StoredChunks BIGINT       NOT NULL,
    StoredNodes  BIGINT       NOT NULL,
    StoredBytes  BIGINT       NOT NULL,
    NewAtoms     BIGINT       NOT NULL,
    NewBytes     BIGINT       NOT NULL,
    FirstAt      DATETIME2(7) NOT NULL,
    LastAt       DATETIME2(7) NOT NULL,
    CONSTRAINT PK_ModelProgress PRIMARY KEY CLUSTERED (ModelId, Writer),
    CONSTRAINT FK_ModelProgress_Models FOREIGN KEY (ModelId) REFERENCES dbo.Models (ModelId)
);

-- Requests to ingest a file. SourceHash is unique over (source, path, size, time), so the same file is found once.
CREATE TABLE dbo.ModelSubmissions (
    SubmissionId BIGINT IDENTITY(1,1) NOT NULL,
    SourceName   NVARCHAR(200)  NOT NULL,
    SourceHash   BINARY(32)     NOT NULL,
    TenantId     INT            NOT NULL,
    ModelName    NVARCHAR(400)  NOT NULL,
    Path         NVARCHAR(2000) NOT NULL,
    ByteLength   BIGINT         NULL,
    ModifiedAt   BIGINT         NULL,
    State        VARCHAR(20)    NOT NULL CONSTRAINT DF_ModelSubmissions_State DEFAULT 'NEW',
    ClaimedBy    NVARCHAR(200)  NULL,
    ModelId      INT            NULL,
    SubmittedAt  DATETIME2(7)   NOT NULL CONSTRAINT DF_ModelSubmissions_SubmittedAt DEFAULT SYSUTCDATETIME(),
    ClaimedAt    DATETIME2(7)   NULL,
    CONSTRAINT PK_ModelSubmissions PRIMARY KEY CLUSTERED (SubmissionId),
    CONSTRAINT UQ_ModelSubmissions_Source UNIQUE NONCLUSTERED (SourceHash),
    CONSTRAINT CK_ModelSubmissions_State CHECK (State IN ('NEW', 'CLAIMED', 'DONE'))
);
CREATE INDEX IX_ModelSubmissions_State ON dbo.ModelSubmissions (State, SubmissionId);

-- Captured tables. A raised generation makes the state of older generations count as empty.
CREATE TABLE dbo.CapturedTables (
    CapturedTableId INT IDENTITY(1,1) NOT NULL,
    SchemaName      NVARCHAR(128) NOT NULL,
    TableName       NVARCHAR(128) NOT NULL,
    TableHash       BINARY(32)    NOT NULL,
    GroupName       NVARCHAR(200) NOT NULL,
    Generation      INT           NOT NULL,
    CreatedAt       DATETIME2(7)  NOT NULL CONSTRAINT DF_CapturedTables_CreatedAt DEFAULT SYSUTCDATETIME(),
    CONSTRAINT PK_CapturedTables PRIMARY KEY CLUSTERED (CapturedTableId),
    CONSTRAINT UQ_CapturedTables_Table UNIQUE NONCLUSTERED (TableHash)
);

CREATE TABLE dbo.CapturedColumns (
    CapturedTableId INT           NOT NULL,
    ColumnId        INT           NOT NULL,
    ColumnName      NVARCHAR(128) NOT NULL,
    ContentType     NVARCHAR(100) NOT NULL,
    CONSTRAINT PK_CapturedColumns PRIMARY KEY CLUSTERED (CapturedTableId, ColumnId),
    CONSTRAINT FK_CapturedColumns_Tables FOREIGN KEY (CapturedTableId) REFERENCES dbo.CapturedTables (CapturedTableId)
);

-- The references of rows: one row for each (row, column, segment, atom) that is present now.
CREATE TABLE dbo.RowAtoms (
    CapturedTableId INT           NOT NULL,
    RowKeyHash      BINARY(32)    NOT NULL,
    ColumnId        INT           NOT NULL,
    Segment         INT           NOT NULL,
    AtomId          BIGINT        NOT NULL,
    RowKey          NVARCHAR(MAX) NOT NULL,
    CONSTRAINT PK_RowAtoms PRIMARY KEY CLUSTERED (CapturedTableId, RowKeyHash, ColumnId, Segment, AtomId),
    CONSTRAINT FK_RowAtoms_Columns FOREIGN KEY (CapturedTableId, ColumnId) REFERENCES dbo.CapturedColumns (CapturedTableId, ColumnId),
    CONSTRAINT FK_RowAtoms_Atoms FOREIGN KEY (AtomId) REFERENCES dbo.Atoms (AtomId)
);
CREATE INDEX IX_RowAtoms_AtomId ON dbo.RowAtoms (AtomId);
ALTER TABLE dbo.RowAtoms SET (LOCK_ESCALATION = DISABLE);

-- The outbox of the graph: dirty keys. EntityType 'Model': EntityId = ModelId. EntityType 'Row': EntityId =
-- CapturedTableId, EntityKey = RowKeyHash. Always inserted; a mark is done when the graph was made equal after it.
CREATE TABLE dbo.Neo4jSyncQueue (
    QueueId    BIGINT IDENTITY(1,1) NOT NULL,
    EntityType NVARCHAR(50) NOT NULL,
    EntityId   BIGINT       NOT NULL,
    EntityKey  BINARY(32)   NULL,
    Operation  NVARCHAR(50) NOT NULL,
    IsSynced   BIT          NOT NULL CONSTRAINT DF_Neo4jSyncQueue_IsSynced DEFAULT 0,
    CreatedAt  DATETIME2(7) NOT NULL CONSTRAINT DF_Neo4jSyncQueue_CreatedAt DEFAULT SYSUTCDATETIME(),
    SyncedAt   DATETIME2(7) NULL,
    CONSTRAINT PK_Neo4jSyncQueue PRIMARY KEY CLUSTERED (QueueId)
);
CREATE INDEX IX_Neo4jSyncQueue_Unsynced ON dbo.Neo4jSyncQueue (QueueId) INCLUDE (EntityType, EntityId, EntityKey) WHERE IsSynced = 0;

-- For people to see; Flink's state is the authority. One row a capture group.
CREATE TABLE dbo.CdcCheckpoints (
    SourceName     NVARCHAR(200) NOT NULL,
    LastLsn        BINARY(10)    NOT NULL,
    LastCheckpoint DATETIME2(7)  NOT NULL CONSTRAINT DF_CdcCheckpoints_LastCheckpoint DEFAULT SYSUTCDATETIME(),
    CheckpointId   BIGINT        NOT NULL,
    CONSTRAINT PK_CdcCheckpoints PRIMARY KEY CLUSTERED (SourceName)
);

-- What each reader of a group has passed on, as of its last complete checkpoint.
CREATE TABLE dbo.CaptureProgress (
    SourceName   NVARCHAR(200) NOT NULL,
    Reader       INT           NOT NULL,
    SnapshotRows BIGINT        NOT NULL,
    InsertedRows BIGINT        NOT NULL,
    UpdatedRows  BIGINT        NOT NULL,
    DeletedRows  BIGINT        NOT NULL,
    CONSTRAINT PK_CaptureProgress PRIMARY KEY CLUSTERED (SourceName, Reader)
);

-- A captured table of our own: its changes keep the position moving when the others are idle.
CREATE TABLE dbo.Heartbeat (
    HeartbeatId INT           NOT NULL,
    Beat        BIGINT        NOT NULL,
    BeatAt      DATETIME2(7)  NOT NULL,
    CONSTRAINT PK_Heartbeat PRIMARY KEY CLUSTERED (HeartbeatId)
);
INSERT INTO dbo.Heartbeat (HeartbeatId, Beat, BeatAt) VALUES (1, 0, SYSUTCDATETIME());

-- Dead letters. DeadLetterHash is unique over (source, position, reason): a replay adds none.
CREATE TABLE dbo.AtomizationErrors (
    ErrorId            BIGINT IDENTITY(1,1) NOT NULL,
    DeadLetterHash     BINARY(32)       NOT NULL,
    SourceName         NVARCHAR(2000)   NOT NULL,
    Position           NVARCHAR(MAX)    NOT NULL,
    Reason             VARCHAR(100)     NOT NULL,
    ErrorMessage       NVARCHAR(MAX)    NOT NULL,
    PayloadReference   NVARCHAR(MAX)    NULL,
    ModelId            INT              NULL,
    ConversationHandle UNIQUEIDENTIFIER NULL,
    OccurredAt         DATETIME2(7)     NOT NULL CONSTRAINT DF_AtomizationErrors_OccurredAt DEFAULT SYSUTCDATETIME(),
    ReplayedAt         DATETIME2(7)     NULL,
    CONSTRAINT PK_AtomizationErrors PRIMARY KEY CLUSTERED (ErrorId),
    CONSTRAINT UQ_AtomizationErrors_Hash UNIQUE NONCLUSTERED (DeadLetterHash)
);
CREATE INDEX IX_AtomizationErrors_Model ON dbo.AtomizationErrors (ModelId);

CREATE TABLE dbo.AtomEmbeddings (
    EmbeddingId     BIGINT IDENTITY(1,1) NOT NULL,
    AtomId          BIGINT         NOT NULL,
    ModelId         INT            NOT NULL,
    EmbeddingVector VARBINARY(MAX) NOT NULL,
    CreatedAt       DATETIME2(7)   NOT NULL CONSTRAINT DF_AtomEmbeddings_CreatedAt DEFAULT SYSUTCDATETIME(),
    CONSTRAINT PK_AtomEmbeddings PRIMARY KEY CLUSTERED (EmbeddingId),
    CONSTRAINT FK_AtomEmbeddings_Atoms FOREIGN KEY (AtomId) REFERENCES dbo.Atoms (AtomId),
    CONSTRAINT FK_AtomEmbeddings_Models FOREIGN KEY (ModelId) REFERENCES dbo.Models (ModelId)
);
CREATE INDEX IX_AtomEmbeddings_Atom ON dbo.AtomEmbeddings (AtomId);
CREATE INDEX IX_AtomEmbeddings_Model ON dbo.AtomEmbeddings (ModelId);
