// A plain LiteDB over simulated files, its log as it is: the control, which must lose what the adapter keeps.
// Used by the tests of the stock log and of the seed's defects.
using LiteDB;
using LiteDB.Engine;
using Refold.LiteDb.Storage;

namespace Refold.Suites;

internal static class StockEngine
{
    /// <summary>Opens the database, and makes it where it is not there. Checkpoints come when they are asked for.</summary>
    public static LiteEngine Open(SimulatedFiles files)
    {
        var engine = new LiteEngine(new EngineSettings
        {
            DataStream = Stream(FileRole.Data),
            LogStream = Stream(FileRole.Log),
            Collation = Collation.Binary
        });
        engine.Pragma("CHECKPOINT", 0);
        return engine;

        // Pages go through as LiteDB writes them.
        EngineStream Stream(FileRole role) => new(files.Open(role, Opening.Creator)!) { IsWritable = true };
    }

    /// <summary>The numbers of a collection's documents, each read whole; null, and why, where the database cannot be read.</summary>
    public static (List<int>? Numbers, string Reason) Read(SimulatedFiles files, string collection)
    {
        LiteEngine? engine = null;
        try
        {
            engine = Open(files);
            engine.Checkpoint();
            using var reader = engine.Query(collection, LiteDB.Query.All(LiteDB.Query.Ascending));
            var found = new List<int>();
            while (reader.Read())
            {
                _ = reader.Current.AsDocument["d"].AsBinary.Length;
                found.Add(reader.Current["_id"].AsInt32);
            }

            return (found, "");
        }
#pragma warning disable CA1031 // LiteDB may throw anything over a database that it ruined.
        catch (Exception exception)
#pragma warning restore CA1031
        {
            return (null, exception.Message);
        }
        finally
        {
            if (engine is not null) RetiredEngines.Dispose(engine);
        }
    }
}
