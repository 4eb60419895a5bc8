// What is left of an engine after a failure: LiteDB leaves the transaction undisposed, and its finalizer
// throws, which would end the process.
// Called by Database before it disposes of an engine.
using System.Collections;
using System.Collections.Concurrent;
using System.Reflection;
using LiteDB.Engine;

namespace Refold.LiteDb.Storage;

internal static class RetiredEngines
{
    private const BindingFlags Any = BindingFlags.Instance | BindingFlags.Public | BindingFlags.NonPublic;

    // Kept for good where its transactions cannot be reached: what can be reached is not finalized.
    private static readonly ConcurrentBag<LiteEngine> Kept = [];

    /// <summary>Disposes of an engine, whatever state it is in. With the pragma that creation sets, LiteDB writes nothing then.</summary>
    public static void Dispose(LiteEngine engine)
    {
        Retire(engine);
        engine.Dispose();
    }

    /// <summary>Sees to it that no transaction of the engine is finalized.</summary>
    private static void Retire(LiteEngine engine)
    {
        var monitor = typeof(LiteEngine).GetField("_monitor", Any)?.GetValue(engine);
        // It was never opened whole.
        if (monitor is null) return;
        if (monitor.GetType().GetProperty("Transactions", Any)?.GetValue(monitor) is IEnumerable transactions)
        {
            foreach (var transaction in transactions) GC.SuppressFinalize(transaction);
            return;
        }

        Kept.Add(engine);
    }
}
