// What records print is the same under every culture: logs and messages are compared between machines.
// Run by `dotnet test`.
using System.Collections;
using System.Globalization;
using System.Reflection;
using System.Runtime.CompilerServices;
using Microsoft.FSharp.Core;
using Microsoft.FSharp.Reflection;
using Xunit;

namespace Refold.Tests;

public class RecordTextTests
{
    private static readonly DateTimeOffset Time = new(2024, 2, 29, 23, 5, 9, 120, TimeSpan.FromHours(2));

    public static TheoryData<string> Cultures => ["ar-SA", "de-DE", "sv-SE", "fa-IR"];

    /// <summary>Every public record of the C# packages (F# records print as F# prints), its members
    /// set to times, fractions and numbers wherever they are of such a type.</summary>
    [Theory]
    [MemberData(nameof(Cultures))]
    public void EveryPublicRecord_PrintsTheSame(string culture)
    {
        Type[] records =
        [
            .. ((string[])["Refold", "Refold.LiteDb", "Refold.Testing"])
                .SelectMany(name => Assembly.Load(name).GetExportedTypes())
                .Where(type => IsRecord(type) && !type.IsAbstract)
                .Select(type => type.IsGenericTypeDefinition
                    ? type.MakeGenericType([.. type.GetGenericArguments().Select(_ => typeof(DateTimeOffset))])
                    : type),
        ];
        Assert.InRange(records.Length, 50, 500);
        List<string> different = [];
        var (withTimes, unprintable) = (0, 0);
        foreach (var record in records)
        {
            object value = Sample(record, 3)!;
            string? invariant = null;
            try
            {
                invariant = Under(CultureInfo.InvariantCulture, value);
            }
            catch (NullReferenceException)
            {
                // It prints a member that no sample could be made of.
                unprintable++;
                continue;
            }

            if (invariant.Contains("2024", StringComparison.Ordinal)) withTimes++;
            if (Under(CultureInfo.GetCultureInfo(culture), value) is var other && other != invariant)
                different.Add($"{record.Name}: {invariant} / {other}");
        }

        Assert.True(different.Count == 0, string.Join('\n', different));
        // As many as there are; fewer would mean that the samples hold nothing.
        Assert.InRange(withTimes, 6, 100);
        Assert.InRange(unprintable, 0, records.Length / 10);
    }

    [Theory]
    [MemberData(nameof(Cultures))]
    public void DecisionsAndResults_PrintTheirValuesTheSame(string culture)
    {
        foreach (object value in (object[])[Decision.Accept<DateTimeOffset, double>([Time]), Decision.Refuse<DateTimeOffset, double>(1.5)])
            Assert.Equal(Under(CultureInfo.InvariantCulture, value), Under(CultureInfo.GetCultureInfo(culture), value));
    }

    private static bool IsRecord(Type type) =>
        type.GetMethod("PrintMembers", BindingFlags.Instance | BindingFlags.NonPublic | BindingFlags.DeclaredOnly) is not null
            || type.GetCustomAttributes().Any(attribute =>
                attribute is CompilationMappingAttribute { SourceConstructFlags: SourceConstructFlags.RecordType });

    private static string Under(CultureInfo culture, object value)
    {
        var before = CultureInfo.CurrentCulture;
        CultureInfo.CurrentCulture = culture;
        try
        {
            return value.ToString()!;
        }
        finally
        {
            CultureInfo.CurrentCulture = before;
        }
    }

    /// <summary>A value of a type, as deep as it goes; null where nobody can make one.</summary>
    private static object? Sample(Type type, int depth)
    {
        type = Nullable.GetUnderlyingType(type) ?? type;
        if (type == typeof(DateTimeOffset)) return Time;
        if (type == typeof(DateTime)) return Time.UtcDateTime;
        if (type == typeof(TimeSpan)) return TimeSpan.FromSeconds(1.5);
        if (type == typeof(string)) return "text";
        if (type == typeof(double) || type == typeof(decimal) || type == typeof(float))
            return Convert.ChangeType(1234.5, type, CultureInfo.InvariantCulture);
        if (type.IsPrimitive && type != typeof(bool) && type != typeof(char))
            return Convert.ChangeType(1, type, CultureInfo.InvariantCulture);
        if (type.IsEnum || type.IsPrimitive) return Activator.CreateInstance(type);
        if (type == typeof(StreamId)) return StreamId.Create("stream");
        if (type == typeof(RunId)) return RunId.Create("run");
        if (type.IsGenericType && type.FullName!.StartsWith("Microsoft.FSharp.Core.FSharpOption", StringComparison.Ordinal))
            return Activator.CreateInstance(type, Sample(type.GetGenericArguments()[0], depth - 1));
        if (FSharpType.IsUnion(type, null) && FSharpType.GetUnionCases(type, null) is [var first, ..])
            return FSharpValue.MakeUnion(first, [.. first.GetFields().Select(field => Sample(field.PropertyType, depth - 1))], null);
        if (depth > 0 && IsRecord(type) && !type.IsAbstract) return Made(type, depth - 1);
        if (type.IsInterface && type.IsGenericType && typeof(IEnumerable).IsAssignableFrom(type)
            && type.GetGenericArguments() is [var item])
            return Array.CreateInstance(item, 0);
        return type.IsValueType ? RuntimeHelpers.GetUninitializedObject(type) : null;
    }

    /// <summary>A record whose every member is set, past its constructor: what the constructor refuses is printed too.</summary>
    private static object Made(Type type, int depth)
    {
        const BindingFlags Own = BindingFlags.Instance | BindingFlags.NonPublic | BindingFlags.Public | BindingFlags.DeclaredOnly;
        object made = RuntimeHelpers.GetUninitializedObject(type);
        for (var declaring = type; declaring is not null && declaring != typeof(object); declaring = declaring.BaseType)
        {
            foreach (var field in declaring.GetFields(Own))
            {
                if (Sample(field.FieldType, depth) is { } value) field.SetValue(made, value);
            }
        }

        return made;
    }
}
