-- Where an embedding lies after its projection to three dimensions: a point with Z (SRID 0), NULL before it was projected.
-- The index knows X and Y only. The box is where projections are expected; points outside are found, too, but slower.
ALTER TABLE dbo.AtomEmbeddings ADD SpatialGeometry GEOMETRY NULL;
GO
CREATE SPATIAL INDEX SX_AtomEmbeddings_SpatialGeometry ON dbo.AtomEmbeddings (SpatialGeometry)
    USING GEOMETRY_AUTO_GRID WITH (BOUNDING_BOX = (-1000, -1000, 1000, 1000));
