/** Provinces, cities and districts of China by administrative code (GB/T 2260), as the package of the data has them. */
import { areaList } from '@vant/area-data';

export interface Region {
  readonly province: string;
  readonly city: string;
  readonly district: string;
}

const provinceCode = (code: string): string => `${code.slice(0, 2)}0000`;
const cityCode = (code: string): string => `${code.slice(0, 4)}00`;

/** Names of a district; undefined for a code that is none of a district. */
export function regionOf(code: string): Region | undefined {
  const district = areaList.county_list[code];
  const city = areaList.city_list[cityCode(code)];
  const province = areaList.province_list[provinceCode(code)];
  return district && city && province ? { province, city, district } : undefined;
}

/** What follows the name proper. */
const SUFFIX = /(?:省|市|特别行政区)$/;
const plain = (name: string): string =>
  name
    .trim()
    .replace(/(壮族|回族|维吾尔)?自治区$/, '')
    .replace(SUFFIX, '');
const byName = new Map(Object.entries(areaList.province_list).map(([code, name]) => [plain(name), code]));

/** Code of an address' province: by its district, else by the name, with or without what it ends in; null: unknown. */
export function provinceOf(address: { province: string; regionCode?: string | undefined }): string | null {
  if (address.regionCode !== undefined) {
    const code = provinceCode(address.regionCode);
    return code in areaList.province_list ? code : null;
  }
  return byName.get(plain(address.province)) ?? null;
}

/** Whether the names are those of the code. An address without a code says what it says. */
export function agrees(address: Region & { regionCode?: string | undefined }): boolean {
  if (address.regionCode === undefined) return true;
  const region = regionOf(address.regionCode);
  return region?.province === address.province && region.city === address.city && region.district === address.district;
}
