-- Where the values of a content column are cut: value, line, sentence or paragraph.
ALTER TABLE dbo.CapturedColumns ADD Segments NVARCHAR(20) NOT NULL
    CONSTRAINT DF_CapturedColumns_Segments DEFAULT N'value';
