// What listens must not disturb what it listens to: a commit, a run or an answer goes on when a log provider or a measurement throws.
// Called by JournalObserver, runs and ReplayObservation, for everything they tell.
using Microsoft.Extensions.Logging;

namespace Refold;

/// <summary>A logger that never throws.</summary>
internal sealed class QuietLogger(ILogger logger) : ILogger
{
    /// <summary>The logger of a category; null where nothing is logged.</summary>
    public static ILogger? Of(ILoggerFactory? factory, string category) =>
        factory is null ? null : new QuietLogger(factory.CreateLogger(category));

    /// <summary>Tells, whatever becomes of it.</summary>
    /// <param name="what">What is told.</param>
    /// <param name="tell">Tells it; static, so that it costs nothing.</param>
    public static void Quietly<T>(T what, Action<T> tell)
    {
        try
        {
            tell(what);
        }
#pragma warning disable CA1031 // Whatever a listener throws: it comes after the fact, and nobody here can mend it.
        catch (Exception)
#pragma warning restore CA1031
        {
        }
    }

    public IDisposable? BeginScope<TState>(TState state)
        where TState : notnull => logger.BeginScope(state);

    // A question, which providers answer from their settings.
    public bool IsEnabled(LogLevel logLevel) => logger.IsEnabled(logLevel);

    public void Log<TState>(
        LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter) =>
        Quietly(
            (logger, logLevel, eventId, state, exception, formatter),
            static line => line.logger.Log(line.logLevel, line.eventId, line.state, line.exception, line.formatter));
}
