// Hosts and containers as applications make them, and a log provider that keeps what it is told.
// Used by every test of this folder.
using System.Collections.Concurrent;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Diagnostics.HealthChecks;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Refold.Segments;

namespace Refold.Tests.Hosting;

internal static class Hosts
{
    /// <summary>A host with one journal and its health check; what it logs goes nowhere else.</summary>
    public static IHost Make(Action<RefoldOptions> configure, LogLines? logs = null, Action<IServiceCollection>? more = null)
    {
        var builder = Host.CreateEmptyApplicationBuilder(new HostApplicationBuilderSettings());
        builder.Logging.SetMinimumLevel(LogLevel.Trace);
        if (logs is not null) builder.Logging.AddProvider(logs);
        builder.Services.AddRefold(configure).AddHealthCheck();
        more?.Invoke(builder.Services);
        return builder.Build();
    }

    public static async Task<HealthReportEntry> HealthAsync(this IHost host, string name = "refold") =>
        (await host.Services.GetRequiredService<HealthCheckService>().CheckHealthAsync()).Entries[name];

    public static IJournal Journal(this IHost host) => host.Services.GetRequiredService<IJournal>();

    /// <summary>A host that goes as a whole, whatever it holds.</summary>
    public static ValueTask CloseAsync(this IHost host) => ((IAsyncDisposable)host).DisposeAsync();
}

/// <summary>A line of the log.</summary>
internal sealed record LogLine(string Category, int Id, LogLevel Level, string Text, Exception? Exception);

/// <summary>Keeps every line of Refold's categories.</summary>
internal sealed class LogLines : ILoggerProvider
{
    private readonly ConcurrentQueue<LogLine> lines = new();

    /// <summary>Called with each line before it is kept.</summary>
    public Action<LogLine> Told { get; init; } = _ => { };

    public IReadOnlyList<LogLine> All => [.. lines];

    public IReadOnlyList<int> Ids => [.. lines.Select(line => line.Id)];

    public ILogger CreateLogger(string categoryName) => new Logger(this, categoryName);

    public void Dispose()
    {
    }

    private sealed class Logger(LogLines log, string category) : ILogger
    {
        public IDisposable? BeginScope<TState>(TState state)
            where TState : notnull => null;

        public bool IsEnabled(LogLevel logLevel) => true;

        public void Log<TState>(
            LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter)
        {
            if (!category.StartsWith("Refold.", StringComparison.Ordinal)) return;
            var line = new LogLine(category, eventId.Id, logLevel, formatter(state, exception), exception);
            log.Told(line);
            log.lines.Enqueue(line);
        }
    }
}

/// <summary>A scheme of URIs under which a test's own device is opened.</summary>
internal static class DeviceScheme
{
    private static int count;

    /// <summary>The URI of a segment journal on a device.</summary>
    public static string UriOf(IStorageDevice device)
    {
        var scheme = "device" + Interlocked.Increment(ref count).ToString(System.Globalization.CultureInfo.InvariantCulture);
        Journal.Register(scheme, (_, options) => SegmentJournal.Open(device, options));
        return scheme + ":";
    }
}
