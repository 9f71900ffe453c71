-- Ways to submit a model with SQL alone. A submission is a row of dbo.ModelSubmissions; whoever may insert there submits:
--   INSERT INTO dbo.ModelSubmissions (SourceName, TenantId, ModelName, Path) VALUES (N'me', 1, N'bert', N'/models/bert.onnx');
-- Path: absolute, or a URI of a Flink file system, the same on every machine of the job; a file or a directory.
-- ByteLength and ModifiedAt say which state of the file is meant; NULL: as it is when it is read.
-- ExpectedFormat (safetensors, onnx ...): a file of another format fails its model by name; NULL: any.
-- SourceHash is what makes a submission unique; left out, it is a new one each time, also of the same file.
ALTER TABLE dbo.ModelSubmissions ADD ExpectedFormat NVARCHAR(50) NULL;
GO
ALTER TABLE dbo.ModelSubmissions ADD CONSTRAINT DF_ModelSubmissions_SourceHash
    DEFAULT HASHBYTES('SHA2_256', CONVERT(NVARCHAR(36), NEWID())) FOR SourceHash;
GO
-- The submission that a model came of; NULL for models that were claimed by an earlier version.
ALTER TABLE dbo.Models ADD SubmissionId BIGINT NULL;
GO
CREATE INDEX IX_Models_Submission ON dbo.Models (SubmissionId);
GO
CREATE INDEX IX_ModelSubmissions_Model ON dbo.ModelSubmissions (ModelId);
GO
-- Submits a file or directory and returns the submission's id, as a row and in @SubmissionId.
CREATE PROCEDURE dbo.sp_SubmitModel
    @SourceName NVARCHAR(200),
    @FilePath NVARCHAR(2000),
    @ModelName NVARCHAR(400),
    @TenantId INT = 1,
    @ExpectedFormat NVARCHAR(50) = NULL,
    @SubmissionId BIGINT = NULL OUTPUT
AS
BEGIN
    SET NOCOUNT ON;
    IF @FilePath IS NULL OR LEN(@FilePath) = 0
        THROW 50001, N'@FilePath: expected the absolute path or URI of a model file, found none.', 1;
    IF @ModelName IS NULL OR LEN(@ModelName) = 0
        THROW 50001, N'@ModelName: expected the name of the model, found none.', 1;
    IF @TenantId IS NULL
        THROW 50001, N'@TenantId: expected the tenant of the model, found NULL.', 1;
    INSERT INTO dbo.ModelSubmissions (SourceName, TenantId, ModelName, Path, ExpectedFormat)
    VALUES (@SourceName, @TenantId, @ModelName, @FilePath, @ExpectedFormat);
    SET @SubmissionId = SCOPE_IDENTITY();
    SELECT @SubmissionId AS SubmissionId;
END
GO
CREATE PROCEDURE dbo.sp_IngestGGUF
    @FilePath NVARCHAR(500),
    @ModelName NVARCHAR(200),
    @TenantId INT = 1,
    @SubmissionId BIGINT = NULL OUTPUT
AS
    EXEC dbo.sp_SubmitModel N'sp_IngestGGUF', @FilePath, @ModelName, @TenantId, N'gguf', @SubmissionId OUTPUT;
GO
CREATE PROCEDURE dbo.sp_IngestSafeTensors
    @FilePath NVARCHAR(500),
    @ModelName NVARCHAR(200),
    @TenantId INT = 1,
    @SubmissionId BIGINT = NULL OUTPUT
AS
    EXEC dbo.sp_SubmitModel N'sp_IngestSafeTensors', @FilePath, @ModelName, @TenantId, N'safetensors', @SubmissionId OUTPUT;
GO
CREATE PROCEDURE dbo.sp_IngestONNX
    @FilePath NVARCHAR(500),
    @ModelName NVARCHAR(200),
    @TenantId INT = 1,
    @SubmissionId BIGINT = NULL OUTPUT
AS
    EXEC dbo.sp_SubmitModel N'sp_IngestONNX', @FilePath, @ModelName, @TenantId, N'onnx', @SubmissionId OUTPUT;
GO
-- Submits the file of a FAILED model again, as it is now: under the same tenant, name and expected format, as a new
-- model. Once for each failed model: a repetition returns the submission that the first call made.
CREATE PROCEDURE dbo.sp_ResubmitModel
    @ModelId INT,
    @SubmissionId BIGINT = NULL OUTPUT
AS
BEGIN
    SET NOCOUNT ON;
    IF NOT EXISTS (SELECT 1 FROM dbo.Models AS m INNER JOIN dbo.ModelSubmissions AS s ON s.ModelId = m.ModelId
                   WHERE m.ModelId = @ModelId AND m.State = 'FAILED')
        THROW 50001, N'@ModelId: expected a FAILED model, found none of that id; see dbo.vw_IngestionStatus.', 1;
    DECLARE @SourceHash BINARY(32) =
        HASHBYTES('SHA2_256', CONCAT(N'sp_ResubmitModel ', CONVERT(NVARCHAR(20), @ModelId)));
    INSERT INTO dbo.ModelSubmissions (SourceName, SourceHash, TenantId, ModelName, Path, ExpectedFormat)
    SELECT N'sp_ResubmitModel', @SourceHash, s.TenantId, s.ModelName, s.Path, s.ExpectedFormat
    FROM dbo.ModelSubmissions AS s
    WHERE s.ModelId = @ModelId AND NOT EXISTS
        (SELECT 1 FROM dbo.ModelSubmissions AS r WITH (UPDLOCK, HOLDLOCK) WHERE r.SourceHash = @SourceHash);
    SET @SubmissionId = (SELECT r.SubmissionId FROM dbo.ModelSubmissions AS r WHERE r.SourceHash = @SourceHash);
    SELECT @SubmissionId AS SubmissionId;
END
GO
