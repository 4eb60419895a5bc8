// A look at the LiteDB that was loaded, once in a process: it confirms a transaction as LogStream expects, or no journal is opened.
// Called by Database before it opens anything.
using System.Security.Cryptography;
using LiteDB;
using LiteDB.Engine;

namespace Refold.LiteDb.Storage;

/// <summary>Tries LiteDB out in memory.</summary>
internal static class Probe
{
    // LiteDB chooses the heights of its skip lists with one Random(0) for the process: processes that append a little and end would all
    // use its first numbers and build flat lists, in which a search takes ever longer. So a random number of them is used up here.
    private const int MostDocuments = 2048;

    private static readonly Lazy<bool> Done = new(Try);

    /// <summary>Tries, unless that was done.</summary>
    public static void Run() => _ = Done.Value;

    private static bool Try()
    {
        var log = new LogStream(new MemoryFile()) { IsWritable = true };
        using var engine = new LiteEngine(new EngineSettings
        {
            DataStream = new MemoryStream(),
            LogStream = log,
            Collation = Collation.Binary
        });
        engine.Pragma("CHECKPOINT", 0);
        var before = log.Confirmed;
        var documents = Enumerable.Range(0, 1 + RandomNumberGenerator.GetInt32(MostDocuments))
            .Select(number => new BsonDocument { ["_id"] = number });
        engine.BeginTrans();
        engine.Insert("probe", documents, BsonAutoId.Int32);
        engine.Commit();
        return log.Confirmed == before + 1
            ? true
            : throw new NotSupportedException(
                "This version of LiteDB confirms transactions in a way that Refold does not know; use version 5.0.21.");
    }
}
