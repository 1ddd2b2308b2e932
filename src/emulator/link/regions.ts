/** A place on the globe, in degrees. */
export interface Place {
  readonly latitude: number;
  readonly longitude: number;
}

/** AWS regions by the city or state that AWS names for them ("AWS Regions", AWS Global Infrastructure). */
export const PLACES: Readonly<Record<string, Place>> = {
  'us-east-1': { latitude: 38.9, longitude: -77.4 },
  'us-east-2': { latitude: 40.0, longitude: -83.0 },
  'us-west-1': { latitude: 37.8, longitude: -122.4 },
  'us-west-2': { latitude: 45.8, longitude: -119.7 },
  'ca-central-1': { latitude: 45.5, longitude: -73.6 },
  'sa-east-1': { latitude: -23.5, longitude: -46.6 },
  'eu-west-1': { latitude: 53.3, longitude: -6.3 },
  'eu-west-2': { latitude: 51.5, longitude: -0.1 },
  'eu-west-3': { latitude: 48.9, longitude: 2.4 },
  'eu-central-1': { latitude: 50.1, longitude: 8.7 },
  'eu-north-1': { latitude: 59.3, longitude: 18.1 },
  'eu-south-1': { latitude: 45.5, longitude: 9.2 },
  'me-south-1': { latitude: 26.1, longitude: 50.6 },
  'af-south-1': { latitude: -33.9, longitude: 18.4 },
  'ap-south-1': { latitude: 19.1, longitude: 72.9 },
  'ap-southeast-1': { latitude: 1.3, longitude: 103.8 },
  'ap-southeast-2': { latitude: -33.9, longitude: 151.2 },
  'ap-northeast-1': { latitude: 35.7, longitude: 139.7 },
  'ap-northeast-2': { latitude: 37.6, longitude: 127.0 },
  'ap-northeast-3': { latitude: 34.7, longitude: 135.5 },
  'ap-east-1': { latitude: 22.3, longitude: 114.2 },
};

const EARTH_RADIUS_KM = 6371;

/** Great-circle distance (haversine). */
export function distanceKm(from: Place, to: Place): number {
  const radians = (degrees: number): number => (degrees * Math.PI) / 180;
  const half = (a: number, b: number): number => Math.sin(radians(b - a) / 2) ** 2;
  const chord =
    half(from.latitude, to.latitude) +
    Math.cos(radians(from.latitude)) * Math.cos(radians(to.latitude)) * half(from.longitude, to.longitude);
  return 2 * EARTH_RADIUS_KM * Math.asin(Math.sqrt(chord));
}
